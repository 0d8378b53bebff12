using System.Net;
using Coordination.Redis.Tests.Redlock;
using Coordination.Redis.Tests.Servers;
using Coordination.Torture.Commands;

namespace Coordination.Torture.Real;

/// <summary>Three independent masters. What befalls one of them must not be noticed but in time; a second one may fail beside it, and then nothing is granted.</summary>
internal sealed class RedlockTarget : Target
{
    private readonly RedlockServers _servers;
    private readonly SemaphoreSlim _one = new(1);

    private RedlockTarget(RedlockServers servers)
    {
        _servers = servers;
        Faults =
        [
            new("master killed and restarted", 3, context => KillAsync(context, forget: false)),
            new("master killed and restarted without data", 2, context => KillAsync(context, forget: true)),
            new("master stopped", 3, FreezeAsync),
            new("SCRIPT FLUSH", 2, context => CommandAsync(context, "SCRIPT FLUSH")),
            new("CLIENT KILL", 2, context => CommandAsync(context, context.Random.Next(2) == 0 ? "CLIENT KILL TYPE normal" : "CLIENT KILL TYPE pubsub")),
            new("master cut off", 1, CutAsync),
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

    public override async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        _one.Dispose();
    }

    // A master that comes back counts again when those that remember have admitted it, which takes the longest lease: the next one must wait for that, as an
    // operator must.
    private Task KillAsync(FaultContext context, bool forget) => AloneAsync(context, async master =>
    {
        using (context.Record($"master {master}"))
        {
            if (forget)
            {
                await _servers.FlushAsync(master); // and so its log, before it dies
            }

            await _servers.All[master].KillAsync();
            await Task.Delay(context.Takes / 2);
            await _servers.RestartAsync(master);
        }

        await Task.Delay(BackendFactory.LongestDuration * 1.5);
        for (var waited = 0; waited < 300 && !await _servers.IsAdmittedAsync(master); waited++)
        {
            await Task.Delay(200); // the clients admit it, and they may be slow, or stopped
        }
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

    // Beside what befalls the servers themselves: then no majority may be left for a while, and nothing is granted.
    private static async Task CutAsync(FaultContext context)
    {
        var master = context.Random.Next(3);
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
    }

    private async Task AloneAsync(FaultContext context, Func<int, Task> act)
    {
        if (!await _one.WaitAsync(TimeSpan.Zero))
        {
            return; // one at a time: what waited here would come in a heap at the end
        }

        try
        {
            await act(context.Random.Next(3));
        }
        finally
        {
            _one.Release();
        }
    }
}
