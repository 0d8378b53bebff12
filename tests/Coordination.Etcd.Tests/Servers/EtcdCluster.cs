using System.Diagnostics;
using Coordination.Conformance;
using Coordination.Etcd.Tests.Support;
using Etcdserverpb;

namespace Coordination.Etcd.Tests.Servers;

/// <summary>Members of one cluster, with etcd's own default timing.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private readonly List<EtcdServerProcess> _members;
    private readonly List<PeerGate> _gates = [];
    private ulong[] _ids = [];

    private EtcdCluster(int size) => _members = [.. Enumerable.Range(1, size).Select(static number => NewMember($"n{number}"))];

    public IReadOnlyList<EtcdServerProcess> Members => _members;

    /// <summary>Where clients find it.</summary>
    public string Endpoints => string.Join(',', _members.Select(static member => member.Address));

    /// <summary>Starts a cluster, and waits until all members know its leader.</summary>
    /// <param name="size">How many members.</param>
    /// <param name="canBeCut">Whether the ways between them can be cut.</param>
    public static async Task<EtcdCluster> StartAsync(int size = 3, bool canBeCut = false)
    {
        Missing.SkipWithoutEtcd();
        var cluster = new EtcdCluster(size);
        if (canBeCut)
        {
            foreach (var member in cluster._members)
            {
                cluster._gates.Add(PeerGate.Start(member.PeerEndPoint));
                member.PeerAddress = cluster._gates[^1].Address;
                member.InitialCluster = $"{member.Name}={member.PeerAddress}";
            }
        }

        var all = string.Join(',', cluster._members.Select(static member => member.InitialCluster));
        foreach (var member in cluster._members)
        {
            member.InitialCluster = all;
            member.Launch();
        }

        foreach (var member in cluster._members)
        {
            await member.ReadyAsync();
        }

        if (canBeCut)
        {
            cluster._ids = await Task.WhenAll(cluster._members.Select(IdAsync));
        }

        return cluster;
    }

    /// <summary>The member that leads, when one does.</summary>
    /// <param name="other">Not this one: it may believe so still.</param>
    public async Task<EtcdServerProcess> LeaderAsync(EtcdServerProcess? other = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
        {
            foreach (var member in _members.Where(member => member.IsRunning && member != other))
            {
                try
                {
                    if (await member.IsLeaderAsync())
                    {
                        return member;
                    }
                }
                catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
                {
                    // Starting, or frozen.
                }
            }

            await Task.Delay(20);
        }

        throw new InvalidOperationException("The cluster has no leader.");
    }

    /// <summary>A member that follows.</summary>
    public async Task<EtcdServerProcess> FollowerAsync()
    {
        var leader = await LeaderAsync();
        return _members.First(member => member != leader && member.IsRunning);
    }

    /// <summary>Adds a member, which the cluster must have been told of.</summary>
    public async Task<EtcdServerProcess> AddAsync(Func<string, Task> tell)
    {
        var member = NewMember($"n{_members.Count + 1}");
        await tell(member.PeerAddress);
        member.InitialCluster = string.Join(',', _members.Select(static known => $"{known.Name}={known.PeerAddress}").Append($"{member.Name}={member.PeerAddress}"));
        member.JoinsExisting = true;
        await member.StartAsync();
        _members.Add(member);
        return member;
    }

    /// <summary>Cuts a member off from all others, in both directions: nothing arrives, and nothing is refused.</summary>
    /// <returns>Heals it.</returns>
    public Action Isolate(EtcdServerProcess member)
    {
        var index = _members.IndexOf(member);
        FaultProxy[] ways =
        [
            .. Enumerable.Range(0, _gates.Count).Where(other => other != index).SelectMany(other => new[] { _gates[index].WayFrom(_ids[other]), _gates[other].WayFrom(_ids[index]) }),
        ];
        Array.ForEach(ways, static way => way.Pause());
        return () => Array.ForEach(ways, static way => way.Resume());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.DisposeAsync();
        }

        foreach (var gate in _gates)
        {
            await gate.DisposeAsync();
        }
    }

    private static async Task<ulong> IdAsync(EtcdServerProcess member)
    {
        using var admin = new Admin(member.Address);
        return (await admin.Maintenance.StatusAsync(new StatusRequest())).Header.MemberId;
    }

    private static EtcdServerProcess NewMember(string name) => new(name) { Timing = (100, 1000) };
}
