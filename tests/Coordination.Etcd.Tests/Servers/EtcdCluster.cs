using System.Diagnostics;

namespace Coordination.Etcd.Tests.Servers;

/// <summary>Members of one cluster, with etcd's own default timing.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private readonly List<EtcdServerProcess> _members;

    private EtcdCluster(int size) => _members = [.. Enumerable.Range(1, size).Select(static number => NewMember($"n{number}"))];

    public IReadOnlyList<EtcdServerProcess> Members => _members;

    /// <summary>Where clients find it.</summary>
    public string Endpoints => string.Join(',', _members.Select(static member => member.Address));

    /// <summary>Starts a cluster, and waits until all members know its leader.</summary>
    public static async Task<EtcdCluster> StartAsync(int size = 3)
    {
        Missing.SkipWithoutEtcd();
        var cluster = new EtcdCluster(size);
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

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.DisposeAsync();
        }
    }

    private static EtcdServerProcess NewMember(string name) => new(name) { Timing = (100, 1000) };
}
