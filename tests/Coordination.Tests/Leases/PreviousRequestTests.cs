using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>Stores whose acknowledgement proves only the request before it (rules 21 and 23).</summary>
public sealed class PreviousRequestTests : EngineTest
{
    public PreviousRequestTests() => UseEvidenceOfPreviousRequest();

    [Fact]
    public async Task Renewals_in_quick_succession_prove_nothing_of_each_other()
    {
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        await Time.PassAsync(Seconds(5));

        // A deposed leader acknowledges both, if they come at once.
        await lease.RenewAsync(Ct);
        await lease.RenewAsync(Ct);

        Assert.Equal(Life - Seconds(5), lease.Remaining);
    }

    [Fact]
    public async Task A_renewal_that_was_acknowledged_late_is_not_proved_by_one_right_behind_it()
    {
        // A leader that stood still, and does not know yet that it has been deposed, acknowledges what lies there and what comes at once.
        var goesOn = new TaskCompletionSource();
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        await Time.PassAsync(Seconds(5));
        Connection.OnRequest = request => request.Operation == InMemoryOperation.Renew ? InMemoryFault.DelayReply(goesOn.Task) : null;
        var late = lease.RenewAsync(Ct).AsTask();
        await Time.PassAsync(Seconds(4));
        Connection.OnRequest = null;
        goesOn.SetResult();
        await late;

        // 9.5 s after the send, 5.5 s after the acknowledgement.
        await Time.PassAsync(Seconds(5.5));
        await lease.RenewAsync(Ct);
        Assert.Equal(Life - Seconds(14.5), lease.Remaining);

        await Time.PassAsync(Seconds(1));
        await lease.RenewAsync(Ct);
        Assert.Equal(Life - Seconds(10.5), lease.Remaining);
    }

    [Fact]
    public async Task A_renewal_proves_the_one_a_third_of_the_duration_before()
    {
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);

        await Time.PassAsync(Seconds(21));

        Assert.Equal(Life - Seconds(11), lease.Remaining);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(4, 0)]
    [InlineData(1, 0.25)]
    [InlineData(4, 0.25)]
    public async Task One_lost_reply_loses_no_lease(int lostReply, double margin)
    {
        Options.SafetyMargin = margin == 0 ? null : Duration * margin;
        var renewals = 0;
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Connection.OnRequest = request =>
            request.Operation == InMemoryOperation.Renew && ++renewals == lostReply ? InMemoryFault.DropReply : null;

        for (var second = 0; second < 90; second++)
        {
            await Time.PassAsync(Seconds(1));
            Assert.True(lease.State == LeaseState.Held, $"lost after {second + 1} s");
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(15)]
    [InlineData(30)]
    public async Task Short_leases_stand_a_lost_reply_too(int seconds)
    {
        var renewals = 0;
        await using var lease = await Coordinator.CreateLock("x", new LeaseOptions { Duration = Seconds(seconds) }).AcquireAsync(Ct);
        Connection.OnRequest = request => request.Operation == InMemoryOperation.Renew && ++renewals == 5 ? InMemoryFault.DropReply : null;

        await Time.PassAsync(Seconds(seconds) * 4);

        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Fact]
    public async Task Where_the_time_is_short_the_next_renewal_goes_out_as_soon_as_it_proves_something()
    {
        // What is held would be lost at 22.2 s. The one by hand is proved by what is sent from 18.5 s on.
        Options.SafetyMargin = Duration / 4;
        var sent = new List<TimeSpan>();
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        var began = Time.Now;
        Connection.OnRequest = request =>
        {
            if (request.Operation == InMemoryOperation.Renew)
            {
                sent.Add(Time.Since(began));
            }

            return null;
        };
        await Time.PassAsync(Seconds(9.5));
        await lease.RenewAsync(Ct);
        for (var tenth = 95; tenth < 190; tenth++)
        {
            await Time.PassAsync(Seconds(0.1));
        }

        Assert.Equal([9.5, 10, 18.5], sent.Select(static at => Math.Round(at.TotalSeconds, 1)));
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.09)]
    [InlineData(0.11)]
    public async Task Slow_replies_lose_no_lease(double ofTheDuration)
    {
        var latency = Duration * ofTheDuration;
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Connection.OnRequest = request =>
            request.Operation == InMemoryOperation.Renew ? InMemoryFault.DelayReply(Task.Delay(latency, Time.Provider, Ct)) : null;

        for (var half = 0; half < 360; half++)
        {
            await Time.PassAsync(Seconds(0.5));
            Assert.True(lease.State == LeaseState.Held, $"lost after {(half + 1) / 2.0} s");
        }
    }

    [Fact]
    public void A_margin_that_leaves_no_time_for_two_renewals_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Coordinator.CreateLock("x", new LeaseOptions { SafetyMargin = Duration * 0.4 }));
}
