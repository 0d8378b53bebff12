using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>What a renewal says of each claim is believed, in whatever order it comes.</summary>
public sealed class RenewalAnswerTests : EngineTest
{
    [Fact]
    public async Task Exceptions_count_in_any_order()
    {
        var gone = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        await using var there = await Coordinator.CreateLock("y").AcquireAsync(Ct);
        Backend.Renewed = (claims, result) =>
        {
            var x = claims.Index().Single(static c => c.Item.Resource == "x").Index;
            var y = 1 - x;
            return RenewalResult.Renewed(result.Remaining, [.. new[]
            {
                new ClaimRenewal(x, ClaimRenewalOutcome.Lost),
                new ClaimRenewal(y, ClaimRenewalOutcome.Granted, there.FencingToken),
            }.OrderByDescending(static e => e.Index)]);
        };

        await Time.PassAsync(Duration / 3);

        Assert.Equal(LeaseState.Lost, gone.State);
        Assert.Equal(LeaseState.Held, there.State);
    }

    [Fact]
    public async Task A_renewal_by_hand_that_was_not_confirmed_throws()
    {
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Backend.Renewed = Unconfirmed;

        var error = await Assert.ThrowsAsync<CoordinationException>(async () => await lease.RenewAsync(Ct));

        Assert.True(error.IsTransient);
        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Fact]
    public async Task The_deadline_of_an_unconfirmed_claim_stays_though_the_session_is_renewed()
    {
        var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Backend.Renewed = Unconfirmed;

        await Time.PassAsync(Life - Seconds(0.1));
        Assert.Equal(LeaseState.Held, lease.State);
        await Time.PassAsync(Seconds(0.2));

        Assert.Equal(LeaseState.Lost, lease.State);
    }

    [Fact]
    public async Task Renewals_by_hand_behind_one_that_hangs_end_within_the_operation_timeout()
    {
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Server.Freeze();

        var calls = Enumerable.Range(0, 5).Select(_ => lease.RenewAsync(Ct).AsTask()).ToArray();

        await EndsWithinAsync(Task.WhenAll(calls), Options.OperationTimeout + Seconds(0.1));
        foreach (var call in calls)
        {
            Assert.True((await Assert.ThrowsAsync<CoordinationException>(() => call)).IsTransient);
        }

        Server.Thaw();
    }

    [Fact]
    public async Task A_cancelled_renewal_carries_the_caller_s_token()
    {
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        using var cancellation = new CancellationTokenSource();
        Connection.OnRequest = static _ => InMemoryFault.DropReply;
        var call = lease.RenewAsync(cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call)).CancellationToken);
        Connection.OnRequest = null;
    }

    private static RenewalResult Unconfirmed(IReadOnlyList<ClaimKey> claims, RenewalResult result) => RenewalResult.Renewed(
        result.Remaining, [.. claims.Select(static (_, i) => new ClaimRenewal(i, ClaimRenewalOutcome.Unconfirmed))]);
}
