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
    public void A_margin_that_leaves_no_time_for_two_renewals_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Coordinator.CreateLock("x", new LeaseOptions { SafetyMargin = Duration * 0.4 }));
}
