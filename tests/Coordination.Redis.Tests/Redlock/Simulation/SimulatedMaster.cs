using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>A master: a server with a wall clock of its own, which can die, freeze, forget and lie about the time.</summary>
internal sealed class SimulatedMaster
{
    private readonly SimulatedNetwork _network;
    private readonly ScriptInterpreter _scripts;
    private readonly List<Action> _frozen = [];
    private readonly double _rate;
    private long _offset;

    public SimulatedMaster(SimulatedNetwork network, ScriptInterpreter scripts, int number, TimeSpan upFor)
    {
        _network = network;
        _scripts = scripts;
        Number = number;
        _rate = 1 + ((network.Random.NextDouble() - 0.5) * 0.008);
        _offset = 1_790_000_000_000_000 + network.Random.Next(-2_000_000, 2_000_000);
        Server = new SimulatedRedis(network.Random.Next())
        {
            Clock = () => _offset + (long)(network.Now.TotalMicroseconds * _rate),
            Publish = (channel, message) =>
            {
                foreach (var (client, name, handler) in Subscribers.ToArray())
                {
                    if (name == channel && !network.IsLost(client, number))
                    {
                        network.After(network.Delay(), () => handler(RedisChannel.Literal(channel), message));
                    }
                }
            },
        };
        Server.Start(upFor);
    }

    public int Number { get; }

    public SimulatedRedis Server { get; }

    public List<(int Client, string Channel, Action<RedisChannel, RedisValue> Handler)> Subscribers { get; } = [];

    public bool IsUp { get; private set; } = true;

    public bool IsFrozen { get; private set; }

    public long Calls { get; private set; }

    public void StepClock(TimeSpan step) => _offset += (long)step.TotalMicroseconds;

    public void Crash()
    {
        IsUp = false;
        Thaw();
        Subscribers.Clear();
    }

    /// <param name="memory">0 forgets all, 1 goes back to what was saved, 2 keeps all.</param>
    public void Restart(int memory)
    {
        if (memory == 0)
        {
            Server.Flush();
        }
        else if (memory == 1)
        {
            Server.Restore();
        }

        Server.Start();
        IsUp = true;
    }

    public void Freeze() => IsFrozen = true;

    public void Thaw()
    {
        IsFrozen = false;
        foreach (var arrived in _frozen.ToArray())
        {
            arrived();
        }

        _frozen.Clear();
    }

    /// <summary>A request arrives.</summary>
    public void Receive(RedisScript script, byte[][] keys, byte[][] values, Action<RedisResult?, Exception?> reply)
    {
        if (IsFrozen)
        {
            _frozen.Add(() => Receive(script, keys, values, reply));
            return;
        }

        if (!IsUp)
        {
            reply(null, new CoordinationException("The master is down.", isTransient: true));
            return;
        }

        Calls++;
        reply(_scripts.Evaluate(script, Server, keys, values), null);
    }
}

/// <summary>One client's way to a master.</summary>
internal sealed class SimulatedLink(SimulatedNetwork network, int client, SimulatedMaster master) : IRedlockMaster
{
    public event Action? Restored
    {
        add { }
        remove { }
    }

    public string Name => $"m{master.Number}";

    public ValueTask<RedisResult> EvaluateAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<RedisResult>();
        cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource<RedisResult>)state!).TrySetCanceled(token), answer);
        var keys = Array.ConvertAll(arguments.Keys, static key => (byte[])key!);
        var values = Array.ConvertAll(arguments.Values, static value => (byte[])value!);
        if (!network.IsLost(client, master.Number))
        {
            network.After(network.Delay(), () => master.Receive(script, keys, values, (reply, fault) =>
            {
                if (network.IsLost(client, master.Number))
                {
                    return;
                }

                network.After(network.Delay(), () =>
                {
                    if (fault is not null)
                    {
                        answer.TrySetException(fault);
                    }
                    else
                    {
                        answer.TrySetResult(reply!);
                    }
                });
            }));

            // Now and then the network delivers twice.
            if (network.Random.NextDouble() < network.LateRate / 2)
            {
                network.After(network.Delay() * 2, () => master.Receive(script, keys, values, static (_, _) => { }));
            }
        }

        return new ValueTask<RedisResult>(answer.Task);
    }

    public Task SubscribeAsync(RedisChannel channel, Action<RedisChannel, RedisValue> handler, CancellationToken cancellationToken)
    {
        master.Subscribers.Add((client, channel.ToString(), handler));
        return Task.CompletedTask;
    }

    public void Unsubscribe(RedisChannel channel, Action<RedisChannel, RedisValue> handler) =>
        master.Subscribers.RemoveAll(subscriber => subscriber.Client == client && subscriber.Channel == channel.ToString());

    public ValueTask DisposeAsync() => default;
}
