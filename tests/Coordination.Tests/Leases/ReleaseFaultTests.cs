using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>Releases that go wrong leave nothing behind, and say what happened.</summary>
public sealed class ReleaseFaultTests : EngineTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_release_that_failed_for_good_is_still_tried_while_the_session_lives(bool isUnexpected)
    {
        // Another lease keeps the session, and with it the claim, alive.
        await using var holder = await Coordinator.CreateLock("y").AcquireAsync(Ct);
        var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Backend.OnRelease = key => key.Resource != "x" ? null : isUnexpected ? new InvalidOperationException("a driver's bug") : Fault(isTransient: false);
        await Assert.ThrowsAnyAsync<Exception>(async () => await lease.ReleaseAsync(Ct));
        await Time.PassAsync(Seconds(1));
        Backend.OnRelease = null;

        await Time.PassAsync(Duration);

        await using var next = await Other.CreateLock("x").TryAcquireAsync(Ct);
        Assert.NotNull(next);
        Assert.Equal(LeaseState.Held, holder.State);
    }

    [Fact]
    public async Task A_release_that_cannot_be_told_does_not_hold_up_those_behind_it()
    {
        await using var holder = await Coordinator.CreateLock("y").AcquireAsync(Ct);
        var first = await Coordinator.CreateLock("x1").AcquireAsync(Ct);
        var second = await Coordinator.CreateLock("x2").AcquireAsync(Ct);
        Backend.OnRelease = static _ => Fault(isTransient: true);
        var releases = Task.WhenAll(first.DisposeAsync().AsTask(), second.DisposeAsync().AsTask());
        await EndsWithinAsync(releases, Seconds(11));
        Backend.OnRelease = static key => key.Resource == "x1" ? Fault(isTransient: true) : null;

        await Time.PassAsync(Seconds(10));

        await using var next = await Other.CreateLock("x2").TryAcquireAsync(Ct);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task Disposing_a_lease_throws_nothing_whatever_the_driver_throws()
    {
        var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Backend.OnRelease = static _ => new ObjectDisposedException("driver");

        await lease.DisposeAsync();

        Backend.OnRelease = null;
        Assert.Equal(LeaseState.Released, lease.State);
    }

    [Fact]
    public async Task A_session_of_one_lease_is_not_ended_under_the_release_of_its_claim()
    {
        Options.OperationTimeout = TimeSpan.FromHours(1);
        var lease = await Coordinator.CreateLock("x", new LeaseOptions { AutoRenew = false }).AcquireAsync(Ct);
        var moment = new TaskCompletionSource();
        Connection.OnRequest = request => request.Operation == InMemoryOperation.Release ? InMemoryFault.DelayRequest(moment.Task) : null;
        var release = lease.ReleaseAsync(Ct).AsTask();

        await Time.PassAsync(Seconds(11));
        moment.SetResult();

        await release;
    }

    [Fact]
    public async Task A_session_of_one_lease_is_told_of_a_release_that_failed_until_it_hears()
    {
        var lease = await Coordinator.CreateLock("x", new LeaseOptions { AutoRenew = false }).AcquireAsync(Ct);
        var end = Fault(isTransient: true);
        Backend.EndFault = end;
        Backend.OnRelease = _ => end;
        var release = lease.DisposeAsync().AsTask();
        await EndsWithinAsync(release, Seconds(6));
        await Time.PassAsync(Seconds(5));
        Backend.OnRelease = null;

        await Time.PassAsync(Seconds(3));

        await using var next = await Other.CreateLock("x").TryAcquireAsync(Ct);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task A_session_of_one_lease_is_not_kept_alive_for_a_release_that_cannot_be_told()
    {
        var lease = await Coordinator.CreateLock("x", new LeaseOptions { AutoRenew = false }).AcquireAsync(Ct);
        Backend.OnRelease = static _ => Fault(isTransient: true);
        var release = lease.DisposeAsync().AsTask();
        await EndsWithinAsync(release, Seconds(6));

        await Time.PassAsync(Duration);

        await using var next = await Other.CreateLock("x").TryAcquireAsync(Ct);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task A_release_that_meets_the_coordinator_s_disposal_is_no_loss()
    {
        var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        var moment = new TaskCompletionSource();
        Connection.OnRequest = request => request.Operation == InMemoryOperation.Release ? InMemoryFault.DelayRequest(moment.Task) : null;
        Backend.EndFault = null;
        var release = lease.ReleaseAsync(Ct).AsTask();
        var held = new TaskCompletionSource();
        Connection.OnRequest = request => request.Operation == InMemoryOperation.EndSession ? InMemoryFault.DelayReply(held.Task) : null;

        var disposal = Coordinator.DisposeAsync().AsTask();
        await Time.SettleAsync();
        moment.SetResult();

        await release;
        held.SetResult();
        await EndsWithinAsync(disposal, Seconds(11));
    }
}
