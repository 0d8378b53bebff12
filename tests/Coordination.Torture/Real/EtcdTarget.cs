using System.Net;
using Coordination.Backends;
using Coordination.Etcd.Tests.Servers;
using Coordination.Etcd.Tests.Support;
using Coordination.Torture.Commands;
using Etcdserverpb;

namespace Coordination.Torture.Real;

/// <summary>Three members of etcd with its own timing.</summary>
internal sealed class EtcdTarget : Target
{
    // With etcd's own timing: nobody takes the place of a leader that is silent for less.
    private static readonly TimeSpan ShortestElection = TimeSpan.FromSeconds(1);

    private readonly EtcdCluster _cluster;
    private readonly SemaphoreSlim _one = new(1);

    private EtcdTarget(EtcdCluster cluster)
    {
        _cluster = cluster;
        Faults =
        [
            new("leader killed and restarted", 2, context => KillAsync(context, ofLeader: true)),
            new("follower killed and restarted", 1, context => KillAsync(context, ofLeader: false)),
            new("leader stopped", 2, context => FreezeAsync(context, ofLeader: true)),
            new("follower stopped", 1, context => FreezeAsync(context, ofLeader: false)),
            new("leader cut off", 2, context => CutAsync(context, ofLeader: true)),
            new("follower cut off", 1, context => CutAsync(context, ofLeader: false)),
            new("lease revoked", 3, RevokeAsync),
            new("compaction", 2, CompactAsync),
        ];
    }

    public override IReadOnlyList<IPEndPoint> EndPoints => [.. _cluster.Members.Select(static member => member.EndPoint)];

    public override IReadOnlyList<TargetFault> Faults { get; }

    public override Func<ReadOnlyMemory<byte>, bool>? IsReply => Http2.HasReply;

    public static async Task<Target> StartEtcdAsync()
    {
        if (EtcdServerProcess.Program is null)
        {
            throw new UsageException("etcd is not installed (Debian: apt-get install etcd-server).");
        }

        return new EtcdTarget(await EtcdCluster.StartAsync(canBeCut: true));
    }

    public override Task HealAsync() => Task.CompletedTask; // each fault has undone what it did

    public override async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _one.Dispose();
    }

    private Task KillAsync(FaultContext context, bool ofLeader) => AloneAsync(ofLeader, async member =>
    {
        using var fault = context.Record(member.Name);
        await member.KillAsync();
        await Task.Delay(context.Takes / 2);
        await member.StartAsync();
    });

    private Task FreezeAsync(FaultContext context, bool ofLeader) => AloneAsync(ofLeader, async member =>
    {
        using var fault = context.Record(member.Name);
        await member.FreezeAsync();
        await Task.Delay(context.Takes);
        if (!ofLeader || context.Takes < ShortestElection)
        {
            await member.ResumeAsync();
            return;
        }

        // Servers before 3.4.31 and 3.5.13 may then revoke leases that others have renewed with the new leader: what is over by the clock of the one that stood still
        // (https://github.com/etcd-io/etcd/issues/15247). It ends when it knows that it leads no more, and what it has proposed is applied a moment later.
        fault.VoidsAllFromNow();
        await member.ResumeAsync();
        for (var tries = 0; tries < 20 && await MayLeadAsync(member); tries++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        await Task.Delay(TimeSpan.FromSeconds(1));
    });

    private static async Task<bool> MayLeadAsync(EtcdServerProcess member)
    {
        try
        {
            return await member.IsLeaderAsync();
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return true;
        }
    }

    private Task CutAsync(FaultContext context, bool ofLeader) => AloneAsync(ofLeader, async member =>
    {
        using var fault = context.Record(member.Name);
        var heal = _cluster.Isolate(member);
        await Task.Delay(context.Takes);
        heal();
    });

    // The leases of one client may share what is revoked: all of them are excused, and the one that was meant must be told.
    private async Task RevokeAsync(FaultContext context)
    {
        var resource = Resources.Hot[context.Random.Next(Resources.Hot.Count)].Name;
        var queue = await context.Observer.InspectAsync(resource);
        if (queue.Holders is not [var holder, ..])
        {
            return;
        }

        using var admin = new Admin(_cluster.Members[context.Random.Next(3)].Address);
        var client = holder.Value.Split('/')[0];
        using var fault = context.Record(resource, voidsClient: client, voidsClaim: holder.Id);
        await admin.RevokeAsync(new ClaimKey(resource, holder.Id));
    }

    private async Task CompactAsync(FaultContext context)
    {
        using var admin = new Admin(_cluster.Members[context.Random.Next(3)].Address);
        var revision = (await admin.Kv.RangeAsync(new RangeRequest { Key = Google.Protobuf.ByteString.CopyFromUtf8("none") })).Header.Revision;
        using var fault = context.Record($"revision {revision}");
        await admin.Kv.CompactAsync(new CompactionRequest { Revision = revision });
    }

    private async Task AloneAsync(bool ofLeader, Func<EtcdServerProcess, Task> act)
    {
        if (!await _one.WaitAsync(TimeSpan.Zero))
        {
            return; // one at a time: what waited here would come in a heap at the end
        }

        try
        {
            await act(ofLeader ? await _cluster.LeaderAsync() : await _cluster.FollowerAsync());
        }
        finally
        {
            _one.Release();
        }
    }
}
