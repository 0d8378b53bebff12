using Coordination.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Snippets;

// snippet: testing-service
public sealed class ReportService(ICoordinator coordinator, TimeProvider time)
{
    /// <summary>False: another instance makes the report.</summary>
    public async Task<bool> RunAsync(Func<CancellationToken, Task> makeAsync, CancellationToken ct)
    {
        await using var lease = await coordinator.CreateLock("report").TryAcquireAsync(TimeSpan.FromSeconds(5), ct);
        if (lease is null)
        {
            return false;
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10), time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(ct, lease.Lost, limit.Token);
        await makeAsync(any.Token);
        return true;
    }
}
// end

// snippet: testing-tests
public sealed class ReportServiceTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryServer _server;
    private readonly Coordinator _coordinator;
    private readonly Coordinator _otherInstance;

    public ReportServiceTests()
    {
        _server = new InMemoryServer(_time);
        _coordinator = new Coordinator(_server.CreateBackend(), timeProvider: _time);
        _otherInstance = new Coordinator(_server.CreateBackend(), timeProvider: _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _coordinator.DisposeAsync();
        await _otherInstance.DisposeAsync();
    }

    [Fact]
    public async Task Only_one_instance_makes_the_report()
    {
        await using var held = await _otherInstance.CreateLock("report").AcquireAsync(TestContext.Current.CancellationToken);
        var run = new ReportService(_coordinator, _time).RunAsync(_ => Task.CompletedTask, TestContext.Current.CancellationToken);

        _time.Advance(TimeSpan.FromSeconds(5)); // none on yours

        Assert.False(await run);
    }

    [Fact]
    public async Task It_stops_when_the_lease_is_lost()
    {
        var service = new ReportService(_coordinator, _time);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.RunAsync(
            async token =>
            {
                _server.ExpireSessions(); // as if this process had been paused, or the server had lost its data
                await Task.Delay(Timeout.Infinite, token);
            },
            TestContext.Current.CancellationToken));
    }
}
// end
