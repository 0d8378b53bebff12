using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>A detached session goes to exactly one taker, within its duration.</summary>
[Trait("Contract", "Detach")]
public abstract class DetachContractSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    [Case]
    public async Task A_detached_claim_is_found_by_its_taker_with_its_token()
    {
        var (claim, token, ticket) = await DetachedAsync();
        var taker = await OpenAsync(ticket: ticket);
        var found = await taker.AskAsync(claim);
        Assert.Equal(ClaimOutcome.Granted, found.Outcome);
        Assert.Equal(token, found.Token);
    }

    [Case]
    public async Task The_taker_keeps_the_claim_alive_and_releases_it()
    {
        var (claim, token, ticket) = await DetachedAsync();
        var taker = await OpenAsync(ticket: ticket);
        await taker.AskAsync(claim);
        for (var third = 0; third < 6; third++)
        {
            await Time.PassAsync(Duration / 3);
            var renewal = await EventuallyAsync(() => taker.RenewAsync(claim));
            Assert.False(renewal.IsSessionLost);
            Assert.DoesNotContain(renewal.Exceptions, exception => exception.Outcome == ClaimRenewalOutcome.Lost);
        }

        Assert.Equal(token, (await taker.AskAsync(claim)).Token);
        Assert.True(await taker.ReleaseAsync(claim));
        Assert.Empty((await QueueAsync(taker, claim.Key.Resource)).Holders);
    }

    [Case]
    public async Task The_taker_hears_hints_for_claims_of_its_own()
    {
        var (claim, _, ticket) = await DetachedAsync();
        var waiter = await OpenAsync();
        var waiting = Exclusive(claim.Key.Resource);
        await waiter.WaitingAsync(waiting);
        var taker = await OpenAsync(ticket: ticket);
        await taker.AskAsync(claim);
        await taker.ReleaseAsync(claim);
        await GrantedAsync(waiter, waiting, Soon);
    }

    [Case]
    public async Task Only_one_of_many_takers_gets_it()
    {
        var (_, _, ticket) = await DetachedAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TakeAsync(ticket)));
        Assert.Equal(1, outcomes.Count(taken => taken));
    }

    [Case]
    public async Task Only_one_of_many_takers_in_one_process_gets_it()
    {
        // As when a queue delivers a ticket twice.
        var (_, _, ticket) = await DetachedAsync();
        var process = await ConnectAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TakeAsync(ticket, process)));
        Assert.Equal(1, outcomes.Count(taken => taken));
    }

    [Case]
    public async Task A_ticket_is_worth_nothing_once_taken()
    {
        var (_, _, ticket) = await DetachedAsync();
        Assert.True(await TakeAsync(ticket));
        Assert.False(await TakeAsync(ticket));
    }

    [Case]
    public async Task A_detached_claim_that_nobody_takes_ends_by_itself()
    {
        var observer = await OpenAsync();
        var (claim, _, ticket) = await DetachedAsync();
        Assert.Single((await QueueAsync(observer, claim.Key.Resource)).Holders);
        await Time.UntilAsync(
            async () => (await QueueAsync(observer, claim.Key.Resource)).Holders.Length == 0, Takeover, "the end of the claim");
        Assert.False(await TakeAsync(ticket));
    }

    [Case]
    public async Task Detaching_renews_a_last_time()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        await Time.PassAsync(Duration * 0.6);
        var detaching = Time.Now;
        Assert.NotNull(await session.Session.DetachAsync(claim.Key, Cancellation));
        await session.Session.DisposeAsync();
        var observer = await OpenAsync();
        await Time.UntilAsync(
            async () => (await QueueAsync(observer, claim.Key.Resource)).Holders.Length == 0, Takeover, "the end of the claim");
        Assert.True(Time.Since(detaching) >= Duration, $"gone after {Time.Since(detaching)}");
    }

    [Case]
    public async Task Detaching_twice_is_harmless()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        var ticket = await session.Session.DetachAsync(claim.Key, Cancellation);
        Assert.NotNull(ticket);
        Assert.Equal(ticket, await session.Session.DetachAsync(claim.Key, Cancellation));
        await session.Session.DisposeAsync();
        Assert.True(await TakeAsync(ticket));
        Assert.False(await TakeAsync(ticket));
    }

    [Case]
    public async Task A_copy_of_the_request_to_detach_that_comes_late_gives_it_to_nobody_else()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        var ticket = await session.Session.DetachAsync(claim.Key, Cancellation);
        Assert.NotNull(ticket);
        Assert.True(await TakeAsync(ticket));

        // It was sent twice, as if its answer had not come, and the copy was held up.
        try
        {
            await session.Session.DetachAsync(claim.Key, Cancellation);
        }
        catch (CoordinationException)
        {
            // The session is another's, and says so.
        }

        Assert.False(await TakeAsync(ticket));
        await session.Session.DisposeAsync();
    }

    [Case]
    public async Task There_is_nothing_to_detach_where_there_is_no_claim()
    {
        var session = await OpenAsync();
        Assert.Null(await session.Session.DetachAsync(new ClaimKey(NewName(), NewId()), Cancellation));
    }

    [CaseTable]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("not a ticket at all: {}[]/\\")]
    public async Task What_is_no_ticket_is_refused(string ticket)
    {
        var connection = await ConnectAsync();
        await Assert.ThrowsAnyAsync<ArgumentException>(() => OpenAsync(connection, ticket: ticket));
    }

    private async Task<(ClaimRequest Claim, FencingToken Token, string Ticket)> DetachedAsync()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        var token = await session.GrantedAtOnceAsync(claim);
        var ticket = await session.Session.DetachAsync(claim.Key, Cancellation);
        Assert.NotNull(ticket);
        Assert.DoesNotContain(ticket, char.IsControl);
        await session.Session.DisposeAsync();
        return (claim, token, ticket);
    }

    private async Task<bool> TakeAsync(string ticket, BackendConnection? process = null)
    {
        try
        {
            await OpenAsync(process ?? await ConnectAsync(), ticket: ticket);
            return true;
        }
        catch (LeaseLostException)
        {
            return false;
        }
    }
}
