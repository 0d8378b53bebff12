using System.Net;
using Coordination.Torture.Commands;
using Coordination.ZooKeeper.Tests.Servers;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.Torture.Real;

/// <summary>Three members of ZooKeeper.</summary>
internal sealed class ZooKeeperTarget : Target
{
    private readonly ZooKeeperEnsemble _ensemble;
    private readonly SemaphoreSlim _one = new(1);

    private ZooKeeperTarget(ZooKeeperEnsemble ensemble)
    {
        _ensemble = ensemble;
        Faults =
        [
            new("leader killed and restarted", 2, context => KillAsync(context, ofLeader: true)),
            new("follower killed and restarted", 2, context => KillAsync(context, ofLeader: false)),
            new("leader stopped", 2, context => FreezeAsync(context, ofLeader: true), ShowsOld: true),
            new("follower stopped", 2, context => FreezeAsync(context, ofLeader: false)),
            new("stale follower", 3, CutAsync),
            new("session expired", 3, ExpireAsync),
        ];
    }

    public override IReadOnlyList<IPEndPoint> EndPoints => [.. _ensemble.Members.Select(static member => member.EndPoint)];

    public override IReadOnlyList<TargetFault> Faults { get; }

    public override Func<ReadOnlyMemory<byte>, bool>? IsReply => Frames.HasReply;

    public static async Task<Target> StartZooKeeperAsync()
    {
        if (ZooKeeperServerProcess.Java is null || ZooKeeperServerProcess.Jars is null)
        {
            throw new UsageException("Java or ZooKeeper is not installed (Debian: apt-get install default-jre-headless libzookeeper-java).");
        }

        return new ZooKeeperTarget(await ZooKeeperEnsemble.StartAsync(linksOf: [1, 2, 3]));
    }

    public override Task HealAsync() => Task.CompletedTask; // each fault has undone what it did

    public override async ValueTask DisposeAsync()
    {
        await _ensemble.DisposeAsync();
        _one.Dispose();
    }

    private Task KillAsync(FaultContext context, bool ofLeader) => AloneAsync(ofLeader, async member =>
    {
        using var fault = context.Record($"member {member.Id}");
        await member.KillAsync();
        await Task.Delay(context.Takes / 2);
        await member.StartAsync();
    });

    private Task FreezeAsync(FaultContext context, bool ofLeader) => AloneAsync(ofLeader, async member =>
    {
        using var fault = context.Record($"member {member.Id}");
        await member.FreezeAsync();
        await Task.Delay(context.Takes);
        await member.ResumeAsync();
        if (ofLeader)
        {
            // It takes itself for the leader until it has counted as many ticks as followers may be silent, and counted none while it stood still. Until then it answers syncs and reads by itself,
            // with what was when it was stopped: seen for 3.4 s on a loaded machine.
            await Task.Delay(TimeSpan.FromSeconds(5));
        }
    });

    private Task CutAsync(FaultContext context) => AloneAsync(ofLeader: false, async member =>
    {
        using var fault = context.Record($"member {member.Id}");
        var link = _ensemble.Link(member, await _ensemble.LeaderAsync());
        link.Pause();
        await Task.Delay(context.Takes);
        link.Resume();
    });

    // The client itself tells of it, as it alone knows when.
    private static Task ExpireAsync(FaultContext context) => context.Clients.Count == 0
        ? Task.CompletedTask
        : context.Clients[context.Random.Next(context.Clients.Count)].TellAsync("expire 0");

    private async Task AloneAsync(bool ofLeader, Func<ZooKeeperServerProcess, Task> act)
    {
        if (!await _one.WaitAsync(TimeSpan.Zero))
        {
            return; // one at a time: what waited here would come in a heap at the end
        }

        try
        {
            await act(ofLeader ? await _ensemble.LeaderAsync() : await _ensemble.FollowerAsync());
        }
        finally
        {
            _one.Release();
        }
    }
}
