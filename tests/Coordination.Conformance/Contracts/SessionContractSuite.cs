using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>What sessions promise: they live as long as they are renewed, and their claims with them.</summary>
[Trait("Contract", "Sessions")]
public abstract class SessionContractSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    [Case]
    public async Task The_server_grants_at_least_the_duration_asked_for()
    {
        var session = await OpenAsync();
        Assert.True(session.Session.Duration >= Duration, $"{session.Session.Duration}");
    }

    [Case]
    public async Task Without_renewal_claims_end_after_the_duration_and_not_before()
    {
        var observer = await OpenAsync();
        var opening = Time.Now;
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        await Time.UntilAsync(
            async () => (await QueueAsync(observer, claim.Key.Resource)).Holders.Length == 0, Takeover, "the end of the claim");
        Assert.True(Time.Since(opening) >= session.Session.Duration, $"gone after {Time.Since(opening)}");
    }

    [Case]
    public async Task Renewals_keep_held_and_waiting_claims_alive()
    {
        var session = await OpenAsync();
        var other = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        var token = await session.GrantedAtOnceAsync(held);
        await other.WaitingAsync(waiting);
        for (var third = 0; third < 8; third++)
        {
            await Time.PassAsync(Duration / 3);
            var renewal = await EventuallyAsync(() => session.RenewAsync(held));
            Assert.False(renewal.IsSessionLost);
            Assert.True(renewal.Remaining > TimeSpan.Zero && renewal.Remaining <= session.Session.Duration, $"{renewal.Remaining}");
            Assert.DoesNotContain(renewal.Exceptions, claim => claim.Outcome != ClaimRenewalOutcome.Granted);
            Assert.Empty((await EventuallyAsync(() => other.RenewAsync(waiting))).Exceptions);
        }

        Assert.Equal(token, (await session.AskAsync(held)).Token);
        Assert.Equal(ClaimOutcome.Waiting, (await other.AskAsync(waiting)).Outcome);
    }

    [Case]
    public async Task Nothing_but_renewals_keeps_claims_alive()
    {
        // The connection is up and busy the whole time; a driver's pings must not do what only the engine may.
        var session = await OpenAsync();
        var observer = await OpenAsync();
        var name = NewName();
        await session.GrantedAtOnceAsync(Exclusive(name));
        await Time.UntilAsync(
            async () =>
            {
                await session.Backend.InspectAsync(name, holdersOnly: true, Cancellation);
                return (await QueueAsync(observer, name)).Holders.Length == 0;
            },
            Takeover,
            "the end of the claim");
    }

    [Case]
    public async Task A_renewal_tells_of_a_grant_that_no_hint_told()
    {
        var holder = await OpenAsync();
        var waiter = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        var other = Exclusive(NewName());
        await holder.GrantedAtOnceAsync(held);
        await waiter.WaitingAsync(waiting);
        await waiter.GrantedAtOnceAsync(other);
        await holder.ReleaseAsync(held);
        await GrantedAsync(waiter, waiting, Soon);

        var renewal = await waiter.RenewAsync(other, waiting);
        var granted = Assert.Single(renewal.Exceptions, claim => claim.Index == 1);
        Assert.Equal(ClaimRenewalOutcome.Granted, granted.Outcome);
        Assert.Equal((await waiter.AskAsync(waiting)).Token, granted.Token);
    }

    [Case]
    public async Task A_renewal_never_makes_a_claim_that_is_not_there()
    {
        var session = await OpenAsync();
        var held = Exclusive(NewName());
        await session.GrantedAtOnceAsync(held);
        var unknown = Exclusive(NewName());
        var renewal = await session.RenewAsync(held, unknown);
        Assert.False(renewal.IsSessionLost);
        var lost = Assert.Single(renewal.Exceptions, claim => claim.Index == 1);
        Assert.Equal(ClaimRenewalOutcome.Lost, lost.Outcome);
        Assert.Empty((await QueueAsync(session, unknown.Key.Resource)).Holders);
    }

    [Case]
    public async Task A_claim_deleted_by_force_is_lost_alone()
    {
        var session = await OpenAsync();
        var claims = new[] { Exclusive(NewName()), Exclusive(NewName()), Exclusive(NewName()) };
        foreach (var claim in claims)
        {
            await session.GrantedAtOnceAsync(claim);
        }

        await Server.DeleteClaimAsync(claims[1].Key);
        var renewal = await session.RenewAsync(claims);
        Assert.False(renewal.IsSessionLost);
        Assert.Equal(ClaimRenewalOutcome.Lost, Assert.Single(renewal.Exceptions, claim => claim.Index == 1).Outcome);
        Assert.DoesNotContain(renewal.Exceptions, claim => claim.Index != 1 && claim.Outcome != ClaimRenewalOutcome.Granted);
        Assert.Equal(ClaimOutcome.Granted, (await session.AskAsync(claims[0])).Outcome);
        Assert.Equal(ClaimOutcome.Granted, (await session.AskAsync(claims[2])).Outcome);
    }

    [CaseTable]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_held_claim_that_a_late_copy_of_its_request_has_put_back_behind_another_is_lost(bool hasWaited)
    {
        var session = await OpenAsync(Duration * 10);
        var other = await OpenAsync(Duration * 10);
        var courier = await OpenAsync();
        var name = NewName();
        var claim = Exclusive(name);
        if (hasWaited)
        {
            var first = Exclusive(name);
            await other.GrantedAtOnceAsync(first);
            await session.WaitingAsync(claim);
            await other.ReleaseAsync(first);

            // By a hint alone, where hints say so much; else by asking.
            await Time.UntilAsync(() => session.Listener.Granted.ContainsKey(claim.Key.Id) || session.Listener.Changed > 0, Soon, "word of the grant");
            await GrantedAsync(session, claim, Soon);
        }
        else
        {
            await session.GrantedAtOnceAsync(claim);
        }

        await Server.DeleteClaimAsync(claim.Key);
        var next = Exclusive(name);
        await other.ClaimAsync(next);
        await GrantedAsync(other, next, Soon);

        // The copy comes by another way, and its sender hears nothing of it. Whether it gets in is the server's affair.
        await courier.ClaimAsync(claim);
        var renewal = await session.RenewAsync(claim);
        Assert.False(renewal.IsSessionLost);
        Assert.Equal(ClaimRenewalOutcome.Lost, Assert.Single(renewal.Exceptions).Outcome);
        Assert.Equal([next.Key.Id], (await QueueAsync(other, name)).Holders);

        // And nothing of it gets a turn once the way by which it came is gone.
        await courier.EndAsync(claim);
        await courier.DisposeAsync();
        await Time.UntilAsync(
            async () =>
            {
                Assert.DoesNotContain((await other.RenewAsync(next)).Exceptions, static exception => exception.Outcome != ClaimRenewalOutcome.Granted);
                return (await QueueAsync(other, name)).Waiters.Length == 0;
            },
            Takeover,
            "an empty queue behind the holder");
    }

    [Case]
    public async Task A_copy_of_a_claim_that_comes_long_after_its_release_does_not_live_on_with_its_session()
    {
        var session = await OpenAsync();
        var courier = await OpenAsync(Duration * 3); // it must still live when it brings the copy
        var kept = Exclusive(NewName());
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(kept);
        var bring = session.Connection.CopyNextClaim(claim.Key.Resource) ?? (async () => await courier.ClaimAsync(claim));
        await session.GrantedAtOnceAsync(claim);
        Assert.True(await session.ReleaseAsync(claim));

        // Longer than a released id has to be remembered. The session lives on by its other claim.
        for (var third = 0; third < 5; third++)
        {
            await Time.PassAsync(Duration / 3);
            Assert.False((await EventuallyAsync(() => session.RenewAsync(kept))).IsSessionLost);
        }

        await bring();
        var observer = await OpenAsync();
        await Time.UntilAsync(
            async () =>
            {
                Assert.False((await session.RenewAsync(kept)).IsSessionLost);
                return await QueueAsync(observer, claim.Key.Resource) is { Holders.Length: 0, Waiters.Length: 0 };
            },
            Takeover + (courier.Session.Duration - Duration),
            "the end of what the copy made");
        var next = await OpenAsync();
        await next.GrantedAtOnceAsync(Exclusive(claim.Key.Resource));
    }

    [Case]
    public async Task A_renewal_of_an_expired_session_revives_nothing()
    {
        var session = await OpenAsync();
        var next = await OpenAsync();
        var claim = Exclusive(NewName());
        var first = await session.GrantedAtOnceAsync(claim);
        await Server.ExpireSessionAsync(session.Session, [claim.Key]);
        await Time.UntilAsync(
            async () => (await QueueAsync(next, claim.Key.Resource)).Holders.Length == 0, Takeover, "the end of the claim");
        Assert.True(await next.GrantedAtOnceAsync(Exclusive(claim.Key.Resource)) > first);

        var renewal = await session.RenewAsync(claim);
        Assert.True(
            renewal.IsSessionLost || renewal.Exceptions is [{ Index: 0, Outcome: ClaimRenewalOutcome.Lost }],
            "neither the session nor the claim was reported lost");
        Assert.Single((await QueueAsync(next, claim.Key.Resource)).Holders);
    }

    [Case]
    public async Task The_id_of_an_expired_claim_is_used_up()
    {
        // Rule 4, ghost grants: copy 1 was granted and expired; copy 2 of the same request must not make the claim anew.
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        await Time.UntilAsync(
            async () => (await QueueAsync(session, claim.Key.Resource)).Holders.Length == 0, Takeover, "the end of the claim");
        var result = await session.ClaimAsync(claim);
        Assert.True(result.Outcome is ClaimOutcome.Refused or ClaimOutcome.SessionLost, $"{result.Outcome}");
        Assert.Empty((await QueueAsync(session, claim.Key.Resource)).Holders);
    }

    [Case]
    public async Task Ending_a_session_ends_its_claims_at_once_and_grants_the_next()
    {
        var session = await OpenAsync();
        var next = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var alsoMine = Exclusive(name);
        var waiting = Exclusive(name);
        await session.GrantedAtOnceAsync(held);
        await session.WaitingAsync(alsoMine);
        await next.WaitingAsync(waiting);
        await session.EndAsync(held, alsoMine);
        await GrantedAsync(next, waiting, Soon);
        var (holders, waiters) = await QueueAsync(next, name);
        Assert.Equal([waiting.Key.Id], holders);
        Assert.Empty(waiters);
    }

    [Case]
    public async Task Disposing_a_session_ends_nothing_and_its_claims_end_by_themselves()
    {
        var session = await OpenAsync();
        var next = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        await session.GrantedAtOnceAsync(held);
        await next.WaitingAsync(waiting);
        await session.Session.DisposeAsync();
        await session.Session.DisposeAsync(); // twice is harmless
        Assert.Equal([held.Key.Id], (await QueueAsync(next, name)).Holders);
        await RenewUntilGrantedAsync(next, waiting, Takeover);
    }

    [Case]
    public async Task A_dead_holders_claim_goes_to_the_next_about_when_it_expires()
    {
        // Rule 8: the waiter is told when to ask again, or told of the grant; not after another duration.
        var dead = await OpenAsync();
        var next = await OpenAsync();
        var name = NewName();
        await dead.GrantedAtOnceAsync(Exclusive(name));
        var waiting = Exclusive(name);
        await next.WaitingAsync(waiting);
        await RenewUntilGrantedAsync(next, waiting, Takeover);
    }

    [Case]
    public async Task A_granted_waiter_that_dies_is_succeeded_within_about_one_duration()
    {
        // Rules 7 and 8: had the grant re-armed the claim's expiry, this would take up to 2.3 durations.
        var holder = await OpenAsync(Duration * 3); // it holds until it releases, also on a machine that stands still for a while
        var dying = await OpenAsync();
        var next = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var granted = Exclusive(name);
        var waiting = Exclusive(name);
        await holder.GrantedAtOnceAsync(held);
        await dying.WaitingAsync(granted);
        var died = Time.Now; // its last sign of life
        await next.WaitingAsync(waiting);
        await Time.PassAsync(Duration / 2);
        await EventuallyAsync(() => next.RenewAsync(waiting));
        await holder.ReleaseAsync(held);
        await RenewUntilGrantedAsync(next, waiting, Takeover);
        Assert.True(Time.Since(died) <= Takeover + (Duration / 3), $"{Time.Since(died)}");
    }

    [Case]
    public async Task A_dead_waiter_in_the_middle_promotes_nobody_and_holds_nobody_up()
    {
        var holder = await OpenAsync();
        var dying = await OpenAsync();
        var last = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        await holder.GrantedAtOnceAsync(held);
        await dying.WaitingAsync(Exclusive(name));
        await last.WaitingAsync(waiting);
        var died = Time.Now;
        while (Time.Since(died) < Takeover)
        {
            await Time.PassAsync(Duration / 4);
            Assert.False((await EventuallyAsync(() => holder.RenewAsync(held))).IsSessionLost);
            await EventuallyAsync(() => last.RenewAsync(waiting));
        }

        Assert.Equal(ClaimOutcome.Waiting, (await last.AskAsync(waiting)).Outcome);
        Assert.Equal([waiting.Key.Id], (await QueueAsync(last, name)).Waiters);
        await holder.ReleaseAsync(held);
        await GrantedAsync(last, waiting, Soon);
    }

    [Case]
    public async Task Sessions_of_one_connection_live_and_die_alone()
    {
        var connection = await ConnectAsync();
        var kept = await OpenAsync(connection);
        var dropped = await OpenAsync(connection);
        var mine = Exclusive(NewName());
        var theirs = Exclusive(NewName());
        await kept.GrantedAtOnceAsync(mine);
        await dropped.GrantedAtOnceAsync(theirs);
        await Time.UntilAsync(
            async () =>
            {
                Assert.False((await kept.RenewAsync(mine)).IsSessionLost);
                return (await QueueAsync(kept, theirs.Key.Resource)).Holders.Length == 0;
            },
            Takeover,
            "the end of the other session");
        Assert.Equal(ClaimOutcome.Granted, (await kept.AskAsync(mine)).Outcome);
    }

    private async Task RenewUntilGrantedAsync(SessionUnderTest session, ClaimRequest claim, TimeSpan within)
    {
        // As the engine does: renew every third, ask again when told to, believe hints and renewals.
        using var stop = new CancellationTokenSource();
        var granted = false;
        var start = Time.Now;
        var renewed = Time.Now;
        var askAt = (await session.AskAsync(claim)).RecheckAfter;
        await Time.UntilAsync(
            async () =>
            {
                if (Time.Since(renewed) >= Duration / 3)
                {
                    renewed = Time.Now;
                    granted |= (await session.RenewAsync(claim)).Exceptions.Any(renewal => renewal.Outcome == ClaimRenewalOutcome.Granted);
                }

                if (askAt is { } at && Time.Since(start) >= at)
                {
                    var result = await session.AskAsync(claim);
                    granted |= result.Outcome == ClaimOutcome.Granted;
                    askAt = result.RecheckAfter is { } recheck ? Time.Since(start) + recheck : null;
                }

                return granted || session.Listener.Granted.ContainsKey(claim.Key.Id);
            },
            within,
            "grant after a death");
    }
}
