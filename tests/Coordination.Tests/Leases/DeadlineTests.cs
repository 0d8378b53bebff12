using Coordination.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Coordination.Tests.Leases;

/// <summary>The one deadline rule, to the tick, on a fake clock.</summary>
public sealed class DeadlineTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    // 30 s less 1 % and 2 ms of drift, less the margin of 3 s.
    private static readonly TimeSpan Life = TimeSpan.FromMilliseconds(30_000 - 300 - 2 - 3_000);

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fresh_lease_is_guaranteed_for_its_duration_less_drift_and_margin()
    {
        var server = new InMemoryServer(_time);
        await using var coordinator = new Coordinator(server.CreateBackend(), timeProvider: _time);

        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Cancellation);

        Assert.Equal(Life, lease.Remaining);
    }

    [Fact]
    public async Task A_renewal_every_third_keeps_it_for_good()
    {
        var server = new InMemoryServer(_time);
        await using var coordinator = new Coordinator(server.CreateBackend(), timeProvider: _time);
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Cancellation);

        for (var i = 0; i < 100; i++)
        {
            _time.Advance(Duration / 6);
            Assert.Equal(LeaseState.Held, lease.State);
        }

        Assert.Equal(50, server.CountOf(InMemoryOperation.Renew));
    }

    [Fact]
    public async Task Loss_is_told_at_the_deadline_when_the_server_is_frozen_and_never_taken_back()
    {
        var server = new InMemoryServer(_time);
        await using var coordinator = new Coordinator(server.CreateBackend(), timeProvider: _time);
        var lease = await coordinator.CreateLock("x").AcquireAsync(Cancellation);
        var lost = new TaskCompletionSource();
        lease.Lost.Register(lost.SetResult);
        server.Freeze();

        _time.Advance(Life - TimeSpan.FromMilliseconds(1));
        Assert.Equal(LeaseState.Held, lease.State);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.Equal(TimeSpan.Zero, lease.Remaining);
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        server.Thaw();
        Assert.Equal(LeaseState.Lost, lease.State);
        await Assert.ThrowsAsync<LeaseLostException>(async () => await lease.RenewAsync(Cancellation));
        await Assert.ThrowsAsync<LeaseLostException>(async () => await lease.ReleaseAsync(Cancellation));
        await lease.DisposeAsync();
    }

    [Fact]
    public async Task A_renewal_counts_from_its_send_and_not_from_its_reply()
    {
        var server = new InMemoryServer(_time);
        var backend = server.CreateBackend();
        await using var coordinator = new Coordinator(backend, timeProvider: _time);
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Cancellation);
        var reply = new TaskCompletionSource();
        backend.OnRequest = _ => InMemoryFault.DelayReply(reply.Task);

        _time.Advance(Duration / 3);
        _time.Advance(TimeSpan.FromSeconds(4));
        reply.SetResult();

        await Eventually(() => lease.Remaining == Life - TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task A_renewal_that_is_answered_too_late_revives_nothing()
    {
        var server = new InMemoryServer(_time);
        var backend = server.CreateBackend();
        await using var coordinator = new Coordinator(
            backend, new CoordinatorOptions { OperationTimeout = TimeSpan.FromHours(1) }, _time);
        var lease = await coordinator.CreateLock("x").AcquireAsync(Cancellation);
        var reply = new TaskCompletionSource();
        backend.OnRequest = _ => InMemoryFault.DelayReply(reply.Task);

        _time.Advance(Life);
        reply.SetResult();
        await Task.Yield();

        Assert.Equal(LeaseState.Lost, lease.State);
    }

    [Fact]
    public async Task A_lost_claim_is_released_only_when_the_margin_is_over()
    {
        var server = new InMemoryServer(_time);
        var backend = server.CreateBackend();
        await using var coordinator = new Coordinator(backend, timeProvider: _time);
        await using var other = new Coordinator(server.CreateBackend(), timeProvider: _time);
        var lease = await coordinator.CreateLock("x").AcquireAsync(Cancellation);
        backend.OnRequest = static request => request.Operation == InMemoryOperation.Renew ? InMemoryFault.FailRequest : null;

        _time.Advance(Life);
        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.Null(await other.CreateLock("x").TryAcquireAsync(Cancellation));

        _time.Advance(TimeSpan.FromMilliseconds(3_302));
        await using var next = await other.CreateLock("x").AcquireAsync(Cancellation);
        Assert.True(next.FencingToken > lease.FencingToken);
    }

    [Fact]
    public async Task A_hand_renewed_lease_ends_after_one_duration_and_is_released_then()
    {
        var server = new InMemoryServer(_time);
        await using var coordinator = new Coordinator(server.CreateBackend(), timeProvider: _time);
        var manual = coordinator.CreateLock("x", new LeaseOptions { AutoRenew = false });
        var lease = await manual.AcquireAsync(Cancellation);

        _time.Advance(TimeSpan.FromSeconds(20));
        await lease.RenewAsync(Cancellation);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(LeaseState.Held, lease.State);
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.Null(await manual.TryAcquireAsync(Cancellation));
        _time.Advance(TimeSpan.FromSeconds(3));

        await using var next = await manual.AcquireAsync(Cancellation);
        Assert.True(next.FencingToken > lease.FencingToken);
    }

    private static async Task Eventually(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
