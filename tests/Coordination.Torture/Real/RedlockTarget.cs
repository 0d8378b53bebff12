using System.Diagnostics;
using System.Net;
using Coordination.Redis.Tests.Redlock;
using Coordination.Redis.Tests.Servers;
using Coordination.Torture.Commands;

namespace Coordination.Torture.Real;

/// <summary>Three independent masters. What befalls one of them must not be noticed but in time; a second one may fail beside it, and then nothing is granted.</summary>
internal sealed class RedlockTarget : Target
{
    private readonly RedlockServers _servers;
    private readonly SemaphoreSlim[] _one;
    private long _lastLoss;

    private RedlockTarget(RedlockServers servers)
    {
        _servers = servers;
        _one = [.. servers.All.Select(static _ => new SemaphoreSlim(1))];
        Faults =
        [
            new("master killed and restarted", 3, context => KillAsync(context, forget: false)),
            new("master killed and restarted without data", 2, context => KillAsync(context, forget: true)),
            new("master stopped", 3, FreezeAsync),
            new("SCRIPT FLUSH", 2, context => CommandAsync(context, "SCRIPT FLUSH")),
            new("CLIENT KILL", 2, context => CommandAsync(context, context.Random.Next(2) == 0 ? "CLIENT KILL TYPE normal" : "CLIENT KILL TYPE pubsub")),
            new("master cut off", 3, CutAsync),
        ];
    }

    public override IReadOnlyList<IPEndPoint> EndPoints => [.. _servers.EndPoints.Select(IPEndPoint.Parse)];

    public override IReadOnlyList<TargetFault> Faults { get; }

    public static async Task<Target> StartRedlockAsync()
    {
        if (RedisServerProcess.Program is null)
        {
            throw new UsageException("redis-server is not installed (Debian: apt-get install redis-server).");
        }

        return new RedlockTarget(await RedlockServers.StartAsync(3));
    }

    public override Task HealAsync() => Task.CompletedTask; // each fault has undone what it did

    public override ValueTask DisposeAsync() => _servers.DisposeAsync();

    private Task KillAsync(FaultContext context, bool forget) => AloneAsync(context, async master =>
    {
        // A master that has forgotten everything counts again when those that remember have admitted it: a second one must wait for that, as an operator must.
        if (forget && _lastLoss != 0 && Stopwatch.GetElapsedTime(_lastLoss) < BackendFactory.LongestDuration * 4)
        {
            return;
        }

        using var fault = context.Record($"master {master}");
        if (forget)
        {
            _lastLoss = Stopwatch.GetTimestamp();
            await _servers.FlushAsync(master); // and so its log, before it dies
        }

        await _servers.All[master].KillAsync();
        await Task.Delay(context.Takes / 2);
        await _servers.RestartAsync(master);
        _lastLoss = forget ? Stopwatch.GetTimestamp() : _lastLoss;
    });

    private Task FreezeAsync(FaultContext context) => AloneAsync(context, async master =>
    {
        using var fault = context.Record($"master {master}");
        await _servers.All[master].FreezeAsync();
        await Task.Delay(context.Takes);
        await _servers.All[master].ResumeAsync();
    });

    private Task CommandAsync(FaultContext context, string command) => AloneAsync(context, async master =>
    {
        using var fault = context.Record($"master {master}: {command}");
        await new RedisNodeAt(_servers.All[master].Port).ExecuteAsync(command);
    });

    private Task CutAsync(FaultContext context) => AloneAsync(context, async master =>
    {
        using var fault = context.Record($"master {master}");
        foreach (var client in context.Clients)
        {
            client.Ways[master].Pause();
        }

        await Task.Delay(context.Takes);
        foreach (var client in context.Clients)
        {
            client.Ways[master].Resume();
        }
    });

    private async Task AloneAsync(FaultContext context, Func<int, Task> act)
    {
        var master = context.Random.Next(_one.Length);
        await _one[master].WaitAsync();
        try
        {
            await act(master);
        }
        finally
        {
            _one[master].Release();
        }
    }
}
