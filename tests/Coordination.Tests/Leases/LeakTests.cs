using System.Runtime.CompilerServices;
using Coordination.InMemory;
using Microsoft.Extensions.Logging.Testing;

namespace Coordination.Tests.Leases;

/// <summary>A lease that is forgotten instead of released.</summary>
public sealed class LeakTests
{
    [Fact]
    public async Task A_forgotten_lease_is_told_lost_released_and_logged()
    {
        var server = new InMemoryServer();
        var log = new FakeLoggerProvider();
        using var factory = new Microsoft.Extensions.Logging.LoggerFactory([log]);
        await using var coordinator = new Coordinator(server.CreateBackend(), loggerFactory: factory);
        var lost = Forget(coordinator);

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        IFencedLease? next = null;
        while (next is null)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            next = await coordinator.CreateLock("x").TryAcquireAsync(TimeSpan.FromMilliseconds(20), limit.Token);
        }

        await lost.WaitAsync(limit.Token);
        Assert.Contains(log.Collector.GetSnapshot(), static record => record.Id.Id == 1001 && record.Message.Contains("garbage", StringComparison.Ordinal));
        await next.DisposeAsync();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task Forget(Coordinator coordinator)
    {
        var lost = new TaskCompletionSource();
        var lease = coordinator.CreateLock("x").TryAcquireAsync(TimeSpan.Zero).AsTask().GetAwaiter().GetResult();
        lease!.Lost.Register(lost.SetResult);
        return lost.Task;
    }
}
