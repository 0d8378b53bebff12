using Coordination.Backends;
using Coordination.Conformance;
using Coordination.ZooKeeper.Tests.Servers;

namespace Coordination.ZooKeeper.Tests.Support;

/// <summary>What most tests begin with.</summary>
internal static class Run
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<ZooKeeperServerProcess> ServerAsync(params string[] settings)
    {
        Missing.SkipWithoutZooKeeper();
        var server = new ZooKeeperServerProcess(1, settings);
        await server.StartAsync();
        return server;
    }

    public static Coordinator Coordinator(string servers, double seconds = 30) =>
        new(ZooKeeperBackend.Create(servers), new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(seconds) });

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, "Not within 30 s.");
            await Task.Delay(10, Token);
        }
    }

    /// <summary>Waits until so many wait.</summary>
    public static Task WaitersAsync(ICoordinator coordinator, string name, int count) =>
        UntilAsync(async () => (await coordinator.InspectAsync(name, Token)).Waiters.Count == count);

    public static ValueTask<IBackendSession> OpenAsync(ZooKeeperBackend backend, double seconds = 30) =>
        backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(seconds)), new RecordingListener(), Token);

    public static ClaimRequest Exclusive(string resource) => SessionUnderTest.Exclusive(resource);

    /// <summary>Renews a lease whose connection is lost, or is just being lost: as often as that is the fault.</summary>
    public static Task RenewAsync(ILease lease) => UntilAsync(async () =>
    {
        try
        {
            await lease.RenewAsync(Token);
            return true;
        }
        catch (CoordinationException exception) when (exception.IsTransient)
        {
            return false;
        }
    });

    /// <summary>The session that keeps a lease.</summary>
    public static IBackendSession SessionOf(ILease lease) => ((IBackendLease)lease).Session;
}
