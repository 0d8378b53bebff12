using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>What the SPI says of cancellation and faults: calls end promptly, with an exception that says what failed, and nothing is made twice.</summary>
[Trait("Contract", "Faults")]
[Trait("Guarantee", "G10")]
public abstract class FaultContractSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    public static TheoryData<Call> Calls => [Call.Claim, Call.Release, Call.SetValue, Call.Renew, Call.Detach, Call.End, Call.Inspect, Call.Watch, Call.OpenSession];

    [CaseTable]
    [MemberData(nameof(Calls))]
    public async Task A_call_over_a_silent_connection_ends_when_it_is_cancelled(Call call)
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        session.Connection.Cut();
        using var cancel = new CancellationTokenSource();
        var pending = CallAsync(session, claim, call, cancel.Token);
        await Time.SettleAsync();
        await cancel.CancelAsync();

        // A driver may have noticed the silence and failed by itself; it may not go on.
        if (IsLocal(call))
        {
            await Time.WithinAsync(pending, Soon, $"end of {call}");
            session.Connection.Restore();
            return;
        }

        var failure = await Time.FailureAsync(pending, Soon, $"end of {call}");
        Assert.True(failure is OperationCanceledException or CoordinationException { IsTransient: true }, $"{failure}");
        session.Connection.Restore();
    }

    [CaseTable]
    [MemberData(nameof(Calls))]
    public async Task A_call_that_is_cancelled_beforehand_is_cancelled(Call call)
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CallAsync(session, claim, call, new CancellationToken(canceled: true)));
    }

    [CaseTable]
    [MemberData(nameof(Calls))]
    public async Task A_call_to_a_dead_server_fails_as_transient_and_says_what_failed(Call call)
    {
        await UseOwnServerAsync();
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        await Server.KillAsync();
        using var budget = new CancellationTokenSource(TimeSpan.FromSeconds(5), Time.Provider);
        if (IsLocal(call))
        {
            await Time.WithinAsync(CallAsync(session, claim, call, budget.Token), Soon, $"end of {call}");
            return;
        }

        var failure = await Time.FailureAsync(
            CallAsync(session, claim, call, budget.Token), TimeSpan.FromSeconds(5) + Soon, $"failure of {call}");
        if (failure is OperationCanceledException)
        {
            // A driver that waits for the connection to come back is cut short by the engine's operation timeout: as good.
            Assert.True(budget.IsCancellationRequested);
            return;
        }

        var fault = Assert.IsType<CoordinationException>(failure);
        Assert.True(fault.IsTransient);
        Assert.Contains(session.Backend.Description.Name, fault.Message, StringComparison.OrdinalIgnoreCase);
        if (call is Call.Claim or Call.Release or Call.SetValue or Call.Inspect)
        {
            Assert.Contains(claim.Key.Resource, fault.Message, StringComparison.Ordinal);
        }
    }

    [Case]
    public async Task A_claim_whose_reply_was_lost_is_found_again_as_one()
    {
        var session = await OpenAsync(Duration * 10);
        var claim = Exclusive(NewName());
        var lost = session.Connection.LoseNextReplyAsync(claim.Key.Resource);
        await FailAsync(session, claim, Call.Claim);
        await Time.WithinAsync(lost, Soon, "the reply was dropped");
        var result = await EventuallyAsync(() => session.ClaimAsync(claim));
        Assert.Equal(ClaimOutcome.Granted, result.Outcome);
        var observer = await OpenAsync();
        Assert.Equal([claim.Key.Id], (await QueueAsync(observer, claim.Key.Resource)).Holders);
        Assert.Equal(result.Token, (await session.AskAsync(claim)).Token);
    }

    [Case]
    public async Task A_release_whose_reply_was_lost_has_released()
    {
        var session = await OpenAsync(Duration * 10);
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        var lost = session.Connection.LoseNextReplyAsync(claim.Key.Resource);
        await FailAsync(session, claim, Call.Release);
        await Time.WithinAsync(lost, Soon, "the reply was dropped");
        var observer = await OpenAsync();
        Assert.Empty((await QueueAsync(observer, claim.Key.Resource)).Holders);
        Assert.False(await EventuallyAsync(() => session.ReleaseAsync(claim)));
    }

    [Case]
    public async Task A_claim_that_arrives_after_its_release_has_no_effect()
    {
        // The claim hangs in a silent connection; its caller cancels, and the engine releases it. Then the network is back.
        var session = await OpenAsync(Duration * 10);
        var claim = Exclusive(NewName());
        session.Connection.Cut();
        using var cancel = new CancellationTokenSource();
        var pending = session.Session.ClaimAsync(claim, cancel.Token).AsTask();
        await Time.SettleAsync();
        await cancel.CancelAsync();
        await Time.FailureAsync(pending, Soon, "the cancelled claim");
        session.Connection.Restore();
        await EventuallyAsync(() => session.ReleaseAsync(claim));

        // The request may have come before the release or after it; in neither case does anything stay.
        var observer = await OpenAsync();
        await Time.PassAsync(Time.IsFake ? Duration / 10 : TimeSpan.FromMilliseconds(200));
        var (holders, waiters) = await QueueAsync(observer, claim.Key.Resource);
        Assert.Empty(holders);
        Assert.Empty(waiters);
    }

    [Case]
    public async Task Sessions_go_on_after_the_connection_broke()
    {
        var session = await OpenAsync(Duration * 10);
        var claim = Exclusive(NewName());
        var token = await session.GrantedAtOnceAsync(claim);
        await session.Connection.BreakAsync();
        var renewal = await EventuallyAsync(() => session.RenewAsync(claim));
        Assert.False(renewal.IsSessionLost);
        Assert.Equal(token, (await session.AskAsync(claim)).Token);
    }

    [Case]
    public async Task A_frozen_server_that_thaws_goes_on()
    {
        await UseOwnServerAsync();
        var session = await OpenAsync(Duration * 10);
        var claim = Exclusive(NewName());
        var token = await session.GrantedAtOnceAsync(claim);
        await Server.FreezeAsync();
        using var cancel = new CancellationTokenSource();
        var pending = session.Session.RenewAsync([claim.Key], cancel.Token).AsTask();
        await Time.PassAsync(Duration / 4);
        Assert.False(pending.IsCompletedSuccessfully);
        await cancel.CancelAsync();
        await Time.FailureAsync(pending, Soon, "the cancelled renewal");
        await Server.ThawAsync();
        Assert.False((await EventuallyAsync(() => session.RenewAsync(claim))).IsSessionLost);
        Assert.Equal(token, (await session.AskAsync(claim)).Token);
    }

    private async Task FailAsync(SessionUnderTest session, ClaimRequest claim, Call call)
    {
        using var budget = new CancellationTokenSource(TimeSpan.FromSeconds(3), Time.Provider);
        var failure = await Time.FailureAsync(
            CallAsync(session, claim, call, budget.Token), TimeSpan.FromSeconds(3) + Soon, $"failure of {call}");
        Assert.True(failure is OperationCanceledException or CoordinationException { IsTransient: true }, $"{call}: {failure}");
    }

    private async Task CallAsync(SessionUnderTest session, ClaimRequest claim, Call call, CancellationToken cancellationToken)
    {
        switch (call)
        {
            case Call.Claim:
                await session.Session.ClaimAsync(claim, cancellationToken);
                break;
            case Call.Release:
                await session.Session.ReleaseAsync(claim.Key, cancellationToken);
                break;
            case Call.SetValue:
                await session.Session.SetValueAsync(claim.Key, "new", cancellationToken);
                break;
            case Call.Renew:
                await session.Session.RenewAsync([claim.Key], cancellationToken);
                break;
            case Call.Detach:
                await session.Session.DetachAsync(claim.Key, cancellationToken);
                break;
            case Call.End:
                await session.Session.EndAsync([claim.Key], cancellationToken);
                break;
            case Call.Inspect:
                await session.Backend.InspectAsync(claim.Key.Resource, holdersOnly: false, cancellationToken);
                break;
            case Call.Watch:
                await using (await session.Backend.WatchAsync(claim.Key.Resource, () => { }, cancellationToken))
                {
                }

                break;
            case Call.OpenSession:
                await (await session.Backend.OpenSessionAsync(new(Duration), new RecordingListener(), cancellationToken)).DisposeAsync();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(call), call, null);
        }
    }

    private bool IsLocal(Call call) => call == Call.OpenSession && Server.OpensSessionsLocally;
}
