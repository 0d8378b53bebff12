using Coordination.Backends;
using Coordination.Conformance;
using Coordination.InMemory;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Simulation;

/// <summary>A process: a coordinator on a connection and a clock of its own, and some workers.</summary>
internal sealed class SimulatedClient : IRegister
{
    private readonly SimulatedWorld _world;
    private readonly StallableTime _time;
    private readonly SkewedTime _clock;
    private readonly Coordinator _coordinator;
    private readonly List<Task> _working = [];

    public SimulatedClient(SimulatedWorld world, string name, WorkloadSettings settings, SeededBug? bug)
    {
        (_world, Name) = (world, name);
        var random = world.Random;
        _clock = new SkewedTime(world.Clock, 1 + ((random.NextDouble() - 0.5) * 0.012), TimeSpan.FromSeconds(random.Next(1000)));
        _time = new StallableTime(_clock);
        Connection = world.Server.CreateBackend();
        Connection.OnRequest = bug is null ? Trouble : request => bug.Provoke(request) ?? Trouble(request);
        Connection.OnHint = DeliverHint;
        ICoordinationBackend backend = bug is null ? Connection : new BuggyBackend(Connection, bug, this);
        _coordinator = new Coordinator(backend, settings.ToOptions(name), _time);
        Settings = settings;
    }

    public string Name { get; }

    public WorkloadSettings Settings { get; }

    public SimulatedWorld World => _world;

    public InMemoryBackend Connection { get; }

    public bool IsDead { get; private set; }

    public bool IsStopped { get; private set; }

    /// <summary>Whether none of its workers does anything any more, or ever will.</summary>
    public bool IsDone => IsDead || _working.TrueForAll(static work => work.IsCompleted);

    /// <summary>How often a message is late, lost, or comes twice.</summary>
    public double TroubleRate { get; set; }

    /// <summary>How long a message is under way at most.</summary>
    public static TimeSpan LongestDelay(WorkloadSettings settings) => settings.LeaseDuration * 1.6;

    public void Work(int workers, CancellationToken end)
    {
        for (var number = 0; number < workers; number++)
        {
            var worker = new Worker($"{Name}/{number}", Name, _coordinator, Settings, this, _world, _time, new Random(_world.Random.Next()));
            _working.Add(Task.Run(() => worker.RunAsync(end)));
        }
    }

    /// <summary>SIGKILL: it is never heard of again.</summary>
    public void Kill()
    {
        Stop();
        IsDead = true;
        _world.Record(new ClientDied(_world.Now, Name));
    }

    /// <summary>SIGSTOP: its timers do not fire, and its calls hang.</summary>
    public void Stop()
    {
        IsStopped = true;
        _time.Stall();
        Connection.Disconnect(isBreakSeen: false);
    }

    /// <summary>SIGCONT.</summary>
    public void Continue()
    {
        if (!IsDead)
        {
            IsStopped = false;
            Connection.Reconnect();
            _time.Resume();
        }
    }

    /// <summary>No thread is there for timers, while replies still come.</summary>
    public void Starve() => _time.Stall();

    public void SetWallClock(TimeSpan step) => _clock.SetWallClock(step);

    public ValueTask DisposeAsync() => IsDead ? default : _coordinator.DisposeAsync();

    /// <summary>A write takes its time to the store, and the answer back.</summary>
    async ValueTask IRegister.WriteAsync(string resource, long token, string hold)
    {
        await Task.Delay(Latency(), _time);
        await _world.WriteAsync(resource, token, hold);
        await Task.Delay(Latency(), _time);
    }

    private TimeSpan Latency() => TimeSpan.FromMilliseconds(0.1 + (_world.Random.NextDouble() * 2));

    private TimeSpan LongDelay() => LongestDelay(Settings) * _world.Random.NextDouble();

    private InMemoryFault? Trouble(InMemoryRequest request)
    {
        var random = _world.Random;
        if (random.NextDouble() >= TroubleRate)
        {
            return random.Next(3) == 0 ? null : new InMemoryFault { ApplyAfter = _world.DelayAsync(Latency()), ReplyAfter = _world.DelayAsync(Latency() + Latency()) };
        }

        return random.Next(6) switch
        {
            0 => new InMemoryFault { IsRequestLost = true, IsBreakSeen = random.Next(2) == 0 },
            1 => new InMemoryFault { IsReplyLost = true, IsBreakSeen = random.Next(2) == 0 },
            2 => InMemoryFault.DelayRequest(_world.DelayAsync(LongDelay())),
            3 => InMemoryFault.DelayReply(_world.DelayAsync(LongDelay())),
            4 => InMemoryFault.RepeatRequest(_world.DelayAsync(LongDelay())),
            _ => new InMemoryFault { IsReplyLost = true, IsBreakSeen = true, RepeatAfter = _world.DelayAsync(LongDelay()) },
        };
    }

    private void DeliverHint(Action deliver)
    {
        var random = _world.Random;
        if (random.NextDouble() >= TroubleRate)
        {
            _world.After(Latency(), deliver);
            return;
        }

        switch (random.Next(3))
        {
            case 0:
                break;
            case 1:
                _world.After(LongDelay(), deliver);
                break;
            default:
                deliver();
                _world.After(LongDelay(), deliver);
                break;
        }
    }
}
