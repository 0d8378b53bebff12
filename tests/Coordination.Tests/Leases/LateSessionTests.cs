using Coordination.InMemory;
using Coordination.Leases;

namespace Coordination.Tests.Leases;

/// <summary>Which sessions the health check calls late: none that is renewed, each that is not, before what it holds is lost.</summary>
public sealed class LateSessionTests : EngineTest
{
    // Both kinds of evidence, from no margin to the largest that is allowed.
    public static TheoryData<bool, double> Margins => new()
    {
        { false, 0 }, { false, 0.1 }, { false, 0.25 }, { false, 0.4 }, { false, 0.5 },
        { true, 0 }, { true, 0.1 }, { true, 0.157 }, { true, 0.2 }, { true, 0.25 },
    };

    private int Late => Coordinator.Engine.Sessions.Count(Coordinator.Engine.Clock.Now).Late;

    [Theory]
    [MemberData(nameof(Margins))]
    public async Task A_session_that_is_renewed_is_never_late_whatever_the_margin(bool provesPrevious, double margin)
    {
        Use(provesPrevious, margin);
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);

        // Not in step with the renewals.
        for (var passed = TimeSpan.Zero; passed < Duration * 4; passed += Seconds(0.17))
        {
            await Time.PassAsync(Seconds(0.17));
            Assert.True(Late == 0, $"late after {passed}, with {lease.Remaining} left");
        }

        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Theory]
    [InlineData(false, 0.5)]
    [InlineData(true, 0.25)]
    public async Task Nor_when_the_largest_margin_comes_into_a_session_between_two_renewals(bool provesPrevious, double margin)
    {
        Use(provesPrevious, margin: 0);
        await using var first = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        await Time.PassAsync(Duration / 3 + Seconds(0.5));
        for (var i = 0; i < 12; i++)
        {
            // Wherever in the period.
            var acquire = Coordinator.CreateLock("y", new LeaseOptions { SafetyMargin = Duration * margin }).AcquireAsync(Ct).AsTask();
            await EndsWithinAsync(acquire, Seconds(5));
            await using var lease = await acquire;
            for (var passed = TimeSpan.Zero; passed < Duration * 1.1; passed += Seconds(0.31))
            {
                await Time.PassAsync(Seconds(0.31));
                Assert.True(Late == 0, $"{i}: late after {passed}, with {lease.Remaining} left");
            }

            await lease.ReleaseAsync(Ct);
            await Time.PassAsync(Seconds(3.7));
        }
    }

    [Theory]
    [MemberData(nameof(Margins))]
    public async Task A_session_whose_renewals_fail_is_late_before_its_leases_are_lost(bool provesPrevious, double margin)
    {
        Use(provesPrevious, margin);
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        await Time.PassAsync(Duration * 2);
        Connection.OnRequest = static request => request.Operation == InMemoryOperation.Renew ? InMemoryFault.DropReply : null;

        await AssertLateBeforeLossAsync(lease);
    }

    [Theory]
    [MemberData(nameof(Margins))]
    public async Task So_is_one_whose_first_renewal_is_kept_from_being_sent(bool provesPrevious, double margin)
    {
        Use(provesPrevious, margin);
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);

        // Another operation has its turn.
        var session = await Coordinator.Engine.Sessions.GetAsync(LeaseTerms.Create(null, Options, Backend.Description), Ct);
        using var turn = await session.StopRenewalsAsync(Ct);

        await AssertLateBeforeLossAsync(lease);
    }

    [Fact]
    public async Task A_session_that_is_renewed_again_is_no_longer_late()
    {
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Connection.OnRequest = static request => request.Operation == InMemoryOperation.Renew ? InMemoryFault.DropReply : null;
        await Time.PassAsync(Life - Seconds(2));
        Assert.Equal(1, Late);

        Connection.OnRequest = null;
        await Time.PassAsync(Seconds(1.9));

        Assert.Equal(0, Late);
        Assert.Equal(LeaseState.Held, lease.State);
    }

    private void Use(bool provesPrevious, double margin)
    {
        if (provesPrevious)
        {
            UseEvidenceOfPreviousRequest();
        }

        Options.SafetyMargin = Duration * margin;

        // Answers take a while.
        Connection.OnRequest = request =>
            request.Operation == InMemoryOperation.Renew ? InMemoryFault.DelayReply(Task.Delay(Seconds(0.5), Time.Provider)) : null;
    }

    private async Task AssertLateBeforeLossAsync(ILease lease)
    {
        var lateWith = TimeSpan.Zero;
        while (lease.State == LeaseState.Held)
        {
            if (lateWith == TimeSpan.Zero && Late == 1)
            {
                lateWith = lease.Remaining;
            }

            await Time.PassAsync(Seconds(0.1));
        }

        // Long enough for a probe, and no sooner than it means something.
        Assert.InRange(lateWith, Duration / 25, Duration / 6);
    }
}
