using System.Net;
using Coordination.Redis.Tests.Servers;
using Coordination.Torture.Commands;

namespace Coordination.Torture.Real;

/// <summary>One Redis that keeps what it has answered: its log is written before each reply.</summary>
internal sealed class RedisTarget : Target
{
    private readonly RedisServerProcess _server = new("--appendonly", "yes", "--appendfsync", "no");
    private readonly SemaphoreSlim _one = new(1);

    private RedisTarget()
    {
        Faults =
        [
            new("server killed and restarted", 3, KillAsync),
            new("server stopped", 3, FreezeAsync),
            new("server flushed", 1, FlushAsync),
            new("SCRIPT FLUSH", 2, context => CommandAsync(context, "SCRIPT FLUSH")),
            new("CLIENT KILL", 2, context => CommandAsync(context, context.Random.Next(2) == 0 ? "CLIENT KILL TYPE normal" : "CLIENT KILL TYPE pubsub")),
        ];
    }

    public override IReadOnlyList<IPEndPoint> EndPoints => [IPEndPoint.Parse(_server.EndPoint)];

    public override IReadOnlyList<TargetFault> Faults { get; }

    public static async Task<Target> StartRedisAsync()
    {
        if (RedisServerProcess.Program is null)
        {
            throw new UsageException("redis-server is not installed (Debian: apt-get install redis-server).");
        }

        var target = new RedisTarget();
        await target._server.StartAsync();
        return target;
    }

    public override Task HealAsync() => Task.CompletedTask; // each fault has undone what it did

    public override async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _one.Dispose();
    }

    private Task KillAsync(FaultContext context) => AloneAsync(async () =>
    {
        using var fault = context.Record("server");
        await _server.KillAsync();
        await Task.Delay(context.Takes / 2);
        await _server.StartAsync();
    });

    private Task FreezeAsync(FaultContext context) => AloneAsync(async () =>
    {
        using var fault = context.Record("server");
        await _server.FreezeAsync();
        await Task.Delay(context.Takes / 2);
        await _server.ResumeAsync();
    });

    // Everything that was promised is gone: until they are told, others may be granted. It is documented.
    private Task FlushAsync(FaultContext context) => AloneAsync(async () =>
    {
        using var fault = context.Record("server", voidsClient: Everybody);
        await new RedisNodeAt(_server.Port).ExecuteAsync("FLUSHALL");
    });

    private Task CommandAsync(FaultContext context, string command) => AloneAsync(async () =>
    {
        using var fault = context.Record(command);
        await new RedisNodeAt(_server.Port).ExecuteAsync(command);
    });

    private async Task AloneAsync(Func<Task> act)
    {
        if (!await _one.WaitAsync(TimeSpan.Zero))
        {
            return; // one at a time: what waited here would come in a heap at the end
        }

        try
        {
            await act();
        }
        finally
        {
            _one.Release();
        }
    }
}
