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

    public static Coordinator Coordinator(string servers, double seconds = 30, double operation = 5) => new(
        ZooKeeperBackend.Create(servers),
        new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(seconds), OperationTimeout = TimeSpan.FromSeconds(operation) });

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await HoldsAsync())
        {
            Assert.False(limit.IsCancellationRequested, "Not within 30 s.");
            await Task.Delay(10, Token);
        }

        // A look that fails for a fault that passes is one that did not see it.
        async Task<bool> HoldsAsync()
        {
            try
            {
                return await condition();
            }
            catch (CoordinationException exception) when (exception.IsTransient && !limit.IsCancellationRequested)
            {
                return false;
            }
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
        await lease.RenewAsync(Token);
        return true;
    });

    /// <summary>The session that keeps a lease.</summary>
    public static IBackendSession SessionOf(ILease lease) => ((IBackendLease)lease).Session;
}
