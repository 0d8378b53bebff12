using System.Diagnostics.Metrics;
using Coordination.Backends;
using Coordination.InMemory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Coordination.Tests.Leases;

/// <summary>A lease on the move.</summary>
public sealed class AttachmentTests : EngineTest
{
    private static readonly LeaseOptions ByHand = new() { AutoRenew = false };

    [Theory]
    [InlineData(InMemoryOperation.Claim)]
    [InlineData(InMemoryOperation.Renew)]
    public async Task A_fault_after_the_session_was_taken_over_is_tried_again_since_the_ticket_is_used(InMemoryOperation operation)
    {
        var ticket = await (await Other.CreateLock("x", ByHand).AcquireAsync(Ct)).DetachAsync(Ct);
        var faults = 1;
        Connection.OnRequest = request => request.Operation == operation && faults-- > 0 ? InMemoryFault.FailReply : null;

        var call = Coordinator.CreateLock("x", ByHand).AttachAsync(ticket, Ct).AsTask();

        await EndsWithinAsync(call, Options.OperationTimeout);
        await using var lease = await call;
        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Theory]
    [InlineData(null, false, 0)]
    [InlineData(3d, false, 6)]
    [InlineData(3d, true, 12)]
    public async Task A_session_is_taken_over_only_if_it_is_long_enough_for_the_margin(double? margin, bool previous, double shortest)
    {
        if (previous)
        {
            UseEvidenceOfPreviousRequest();
        }

        var ticket = await (await Other.CreateLock("x", ByHand).AcquireAsync(Ct)).DetachAsync(Ct);
        var options = new LeaseOptions { Duration = Seconds(20), SafetyMargin = margin is { } given ? Seconds(given) : null };
        await using var lease = await Coordinator.CreateLock("x", options).AttachAsync(ticket, Ct);
        Assert.Equal(new SessionRequest(Seconds(20)) { Ticket = Backend.LastOpened!.Ticket, ShortestDuration = Seconds(shortest) }, Backend.LastOpened);
        Assert.NotNull(Backend.LastOpened.Ticket);
    }

    [Fact]
    public async Task A_server_that_freezes_in_the_middle_keeps_the_call_no_longer_than_one_operation()
    {
        var ticket = await (await Other.CreateLock("x", ByHand).AcquireAsync(Ct)).DetachAsync(Ct);
        Connection.OnRequest = static request => request.Operation == InMemoryOperation.OpenSession ? null : InMemoryFault.DropRequest;

        var call = Coordinator.CreateLock("x", ByHand).AttachAsync(ticket, Ct).AsTask();

        await EndsWithinAsync(call, Options.OperationTimeout + Seconds(0.2));
        Assert.True((await Assert.ThrowsAsync<CoordinationException>(() => call)).IsTransient);
    }

    [Fact]
    public async Task A_lease_that_was_lost_before_it_was_handed_out_was_never_held()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var held = new MetricCollector<long>(meters, "Coordination", "coordination.leases.held");
        await using var coordinator = new Coordinator(Backend, timeProvider: Time.Provider, meterFactory: meters);
        var ticket = await (await coordinator.CreateLock("x", ByHand).AcquireAsync(Ct)).DetachAsync(Ct);
        Backend.Renewed = static (_, result) => RenewalResult.Renewed(result.Remaining, [new ClaimRenewal(0, ClaimRenewalOutcome.Lost)]);

        await Assert.ThrowsAsync<LeaseLostException>(async () => await coordinator.CreateLock("x", ByHand).AttachAsync(ticket, Ct));

        Assert.Equal(0, held.GetMeasurementSnapshot().EvaluateAsCounter());
    }
}
