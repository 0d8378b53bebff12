using System.Diagnostics;
using System.Net;
using Coordination.Conformance;

namespace Coordination.ZooKeeper.Tests.Servers;

/// <summary>
/// Members of one ensemble. On request one follows another over a proxy of its own, so that the two can be cut off from one another while clients reach both. Otherwise they
/// talk directly: a proxy accepts before a new leader listens, and a follower that is then reset elects anew, while the leader waits for it as long as <c>initLimit</c> says.
/// </summary>
public sealed class ZooKeeperEnsemble : IAsyncDisposable
{
    private readonly ZooKeeperServerProcess[] _members;
    private readonly Dictionary<(int From, int To), FaultProxy> _links = [];

    private ZooKeeperEnsemble(int size, int tickTime, int[] linksOf, string[] settings)
    {
        _members = [.. Enumerable.Range(1, size).Select(id => new ZooKeeperServerProcess(id, settings) { TickTime = tickTime })];
        foreach (var from in _members)
        {
            foreach (var to in _members.Where(to => to != from && (linksOf.Contains(to.Id) || linksOf.Contains(from.Id))))
            {
                _links.Add((from.Id, to.Id), FaultProxy.Start(new IPEndPoint(IPAddress.Loopback, to.QuorumPort)));
            }

            from.Ensemble =
            [
                .. _members.Select(to =>
                {
                    var port = _links.TryGetValue((from.Id, to.Id), out var link) ? link.EndPoint.Port : to.QuorumPort;
                    return $"server.{to.Id}=127.0.0.1:{port}:{to.ElectionPort}";
                }),
            ];
        }
    }

    public IReadOnlyList<ZooKeeperServerProcess> Members => _members;

    /// <summary>Where clients find it.</summary>
    public string Addresses => string.Join(',', _members.Select(static member => member.Address));

    /// <summary>Starts an ensemble, and waits until all members serve.</summary>
    /// <param name="size">How many members.</param>
    /// <param name="tickTime">In milliseconds.</param>
    /// <param name="linksOf">Those members, by their numbers from 1, that follow others and that others follow over a <see cref="Link"/>, which can be cut.</param>
    /// <param name="settings">Further lines of the configuration.</param>
    public static async Task<ZooKeeperEnsemble> StartAsync(int size = 3, int tickTime = 200, int[]? linksOf = null, params string[] settings)
    {
        Missing.SkipWithoutZooKeeper();
        var ensemble = new ZooKeeperEnsemble(size, tickTime, linksOf ?? [], settings);
        try
        {
            await ensemble.StartAllAsync();
            return ensemble;
        }
        catch
        {
            await ensemble.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts all members, which do not run.</summary>
    public async Task StartAllAsync()
    {
        foreach (var member in _members)
        {
            member.Launch();
        }

        await Task.WhenAll(_members.Select(static member => member.ReadyAsync()));
    }

    /// <summary>The member that leads, when one does.</summary>
    /// <param name="other">Not this one: it may believe so still.</param>
    public async Task<ZooKeeperServerProcess> LeaderAsync(ZooKeeperServerProcess? other = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
        {
            foreach (var member in _members.Where(member => member.IsRunning && member != other))
            {
                if (await member.IsLeaderAsync())
                {
                    return member;
                }
            }

            await Task.Delay(20);
        }

        throw new InvalidOperationException("The ensemble has no leader.");
    }

    /// <summary>Makes the member with the highest number lead: whoever else does is started again, and of the others, which know the same, it is elected.</summary>
    public async Task LeadAsync(ZooKeeperServerProcess highest)
    {
        for (var round = 0; await LeaderAsync() is var leader && leader != highest; round++)
        {
            if (round == 5)
            {
                throw new InvalidOperationException($"Member {highest.Id} is never elected.");
            }

            await leader.KillAsync();
            await LeaderAsync();
            await leader.StartAsync();
        }
    }

    /// <summary>A member that follows.</summary>
    public async Task<ZooKeeperServerProcess> FollowerAsync()
    {
        var leader = await LeaderAsync();
        return _members.First(member => member != leader && member.IsRunning);
    }

    /// <summary>The way by which one member follows another, of an ensemble that has links of one of them.</summary>
    public FaultProxy Link(ZooKeeperServerProcess follower, ZooKeeperServerProcess leader) => _links[(follower.Id, leader.Id)];

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_members.Select(static member => member.DisposeAsync().AsTask()));
        foreach (var link in _links.Values)
        {
            await link.DisposeAsync();
        }
    }
}
