using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>What <see cref="IBackendSession.ClaimAsync"/> and <see cref="IBackendSession.ReleaseAsync"/> promise to the engine.</summary>
[Trait("Contract", "Claims")]
public abstract class ClaimContractSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    [Case]
    public async Task A_free_resource_is_granted_at_once()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        var (holders, waiters) = await QueueAsync(session, claim.Key.Resource);
        Assert.Equal([claim.Key.Id], holders);
        Assert.Empty(waiters);
    }

    [Case]
    public async Task A_claim_sent_again_is_the_same_claim()
    {
        var session = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        var token = await session.GrantedAtOnceAsync(held);
        await session.WaitingAsync(waiting);

        Assert.Equal(token, await session.GrantedAtOnceAsync(held));
        await session.WaitingAsync(waiting);
        var (holders, waiters) = await QueueAsync(session, name);
        Assert.Equal([held.Key.Id], holders);
        Assert.Equal([waiting.Key.Id], waiters);
    }

    [Case]
    public async Task A_claim_sent_many_times_at_once_is_one_claim()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => session.ClaimAsync(claim).AsTask()));
        Assert.All(results, result => Assert.Equal(ClaimOutcome.Granted, result.Outcome));
        Assert.Single(results.Select(result => result.Token).Distinct());
        var (holders, waiters) = await QueueAsync(session, claim.Key.Resource);
        Assert.Equal([claim.Key.Id], holders);
        Assert.Empty(waiters);
    }

    [Case]
    public async Task Trying_once_leaves_nothing_behind()
    {
        var session = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        await session.GrantedAtOnceAsync(held);
        var tried = Exclusive(name);
        Assert.Equal(ClaimOutcome.Refused, (await session.TryAsync(tried)).Outcome);
        var (holders, waiters) = await QueueAsync(session, name);
        Assert.Equal([held.Key.Id], holders);
        Assert.Empty(waiters);

        // And nothing of it comes to life when its turn would have come.
        await session.ReleaseAsync(held);
        (holders, waiters) = await QueueAsync(session, name);
        Assert.Empty(holders);
        Assert.Empty(waiters);
    }

    [Case]
    public async Task Trying_once_takes_what_is_free_and_finds_itself_again()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        var first = await session.TryAsync(claim);
        Assert.Equal(ClaimOutcome.Granted, first.Outcome);
        var again = await session.TryAsync(claim);
        Assert.Equal(ClaimOutcome.Granted, again.Outcome);
        Assert.Equal(first.Token, again.Token);
    }

    [Case]
    public async Task Trying_once_does_not_overtake_waiters()
    {
        var session = await OpenAsync();
        var name = NewName();
        await session.GrantedAtOnceAsync(Shared(name));
        await session.WaitingAsync(Exclusive(name));

        // A reader could be let in beside the reader that holds, but a writer is waiting ahead of it.
        Assert.Equal(ClaimOutcome.Refused, (await session.TryAsync(Shared(name))).Outcome);
    }

    [Case]
    public async Task Looking_for_a_claim_never_makes_one()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        Assert.Equal(ClaimOutcome.Refused, (await session.AskAsync(claim)).Outcome);
        var (holders, waiters) = await QueueAsync(session, claim.Key.Resource);
        Assert.Empty(holders);
        Assert.Empty(waiters);
    }

    [Case]
    public async Task Looking_for_a_claim_finds_it_held_and_waiting()
    {
        var session = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        var token = await session.GrantedAtOnceAsync(held);
        await session.WaitingAsync(waiting);
        var found = await session.AskAsync(held);
        Assert.Equal(ClaimOutcome.Granted, found.Outcome);
        Assert.Equal(token, found.Token);
        Assert.Equal(ClaimOutcome.Waiting, (await session.AskAsync(waiting)).Outcome);
    }

    [Case]
    public async Task A_release_grants_the_next_and_only_the_next()
    {
        var holder = await OpenAsync();
        var next = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var second = Exclusive(name);
        var third = Exclusive(name);
        var first = await holder.GrantedAtOnceAsync(held);
        await next.WaitingAsync(second);
        await next.WaitingAsync(third);

        Assert.True(await holder.ReleaseAsync(held));
        var token = await GrantedAsync(next, second, Soon);
        Assert.True(token > first, $"{token} after {first}");
        Assert.Equal(ClaimOutcome.Waiting, (await next.AskAsync(third)).Outcome);
        var (holders, waiters) = await QueueAsync(next, name);
        Assert.Equal([second.Key.Id], holders);
        Assert.Equal([third.Key.Id], waiters);
    }

    [Case]
    public async Task A_release_says_whether_there_was_something_to_release()
    {
        var session = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        await session.GrantedAtOnceAsync(held);
        await session.WaitingAsync(waiting);
        Assert.True(await session.ReleaseAsync(waiting));
        Assert.False(await session.ReleaseAsync(waiting));
        Assert.True(await session.ReleaseAsync(held));
        Assert.False(await session.ReleaseAsync(held));
        Assert.False(await session.ReleaseAsync(Exclusive(name)));
    }

    [Case]
    public async Task A_release_never_takes_another_sessions_claim()
    {
        var mine = await OpenAsync();
        var other = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        await mine.GrantedAtOnceAsync(held);

        // Whatever it answers, the claim stays: an id alone gives no right to it.
        await other.Session.ReleaseAsync(new ClaimKey(name, NewId()), Cancellation);
        Assert.Equal(ClaimOutcome.Granted, (await mine.AskAsync(held)).Outcome);
        Assert.Equal(ClaimOutcome.Refused, (await other.TryAsync(Exclusive(name))).Outcome);
    }

    [Case]
    public async Task The_id_of_a_waiting_claim_that_was_released_is_used_up()
    {
        var session = await OpenAsync();
        var name = NewName();
        await session.GrantedAtOnceAsync(Exclusive(name));
        var waiting = Exclusive(name);
        await session.WaitingAsync(waiting);
        Assert.True(await session.ReleaseAsync(waiting));

        // A late copy of the request must not make the claim anew.
        Assert.Equal(ClaimOutcome.Refused, (await session.ClaimAsync(waiting)).Outcome);
        Assert.Empty((await QueueAsync(session, name)).Waiters);
    }

    [Case]
    public async Task The_id_of_a_claim_that_was_released_before_it_came_is_used_up()
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName());

        // The caller cancelled while the claim was on its way; its release was quicker.
        Assert.False(await session.ReleaseAsync(claim));
        Assert.Equal(ClaimOutcome.Refused, (await session.ClaimAsync(claim)).Outcome);
        var (holders, waiters) = await QueueAsync(session, claim.Key.Resource);
        Assert.Empty(holders);
        Assert.Empty(waiters);
    }

    [CaseTable]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_late_copy_of_a_released_claim_is_gone_within_one_duration_although_its_session_goes_on(bool wasGranted)
    {
        // A copy of the request was under way when the claim was released: before it had come at all, or after another copy was granted.
        var session = await OpenAsync();
        var keptAlive = Exclusive(NewName());
        await session.GrantedAtOnceAsync(keptAlive);
        var late = Exclusive(NewName());
        if (wasGranted)
        {
            await session.GrantedAtOnceAsync(late);
        }

        Assert.Equal(wasGranted, await session.ReleaseAsync(late));
        await session.ClaimAsync(late);

        // Renewals of the session name only what the engine has, and the late claim is not among it.
        await Time.UntilAsync(
            async () =>
            {
                Assert.False((await session.RenewAsync(keptAlive)).IsSessionLost);
                return await QueueAsync(session, late.Key.Resource) is { Holders.Length: 0, Waiters.Length: 0 };
            },
            Takeover,
            "the end of the late claim");
    }

    [Case]
    public async Task Cancelling_a_waiter_that_was_just_granted_frees_the_resource_for_the_next()
    {
        // Rule 5: the cancellation races the grant, and the engine cannot know who wins.
        var holder = await OpenAsync();
        var waiters = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var cancelled = Exclusive(name);
        var next = Exclusive(name);
        await holder.GrantedAtOnceAsync(held);
        await waiters.WaitingAsync(cancelled);
        await waiters.WaitingAsync(next);
        await holder.ReleaseAsync(held);

        Assert.True(await waiters.ReleaseAsync(cancelled));
        await GrantedAsync(waiters, next, Soon);
        var (holders, rest) = await QueueAsync(waiters, name);
        Assert.Equal([next.Key.Id], holders);
        Assert.Empty(rest);
    }

    [Case]
    public async Task Cancelling_and_granting_at_once_never_loses_the_resource()
    {
        var holder = await OpenAsync();
        var waiter = await OpenAsync();
        var last = await OpenAsync();
        for (var round = 0; round < 25; round++)
        {
            var name = NewName();
            var held = Exclusive(name);
            var cancelled = Exclusive(name);
            var next = Exclusive(name);
            await holder.GrantedAtOnceAsync(held);
            await waiter.WaitingAsync(cancelled);
            await last.WaitingAsync(next);
            await Task.WhenAll(holder.ReleaseAsync(held).AsTask(), waiter.ReleaseAsync(cancelled).AsTask());
            await GrantedAsync(last, next, Soon, $"round {round}");
            await last.ReleaseAsync(next);
            await Time.UntilAsync(
                async () => await QueueAsync(last, name) is { Holders.Length: 0, Waiters.Length: 0 }, Soon, "an empty queue");
        }
    }

    [Case]
    public async Task Resources_do_not_know_of_each_other()
    {
        var session = await OpenAsync();
        var name = NewName();
        await session.GrantedAtOnceAsync(Exclusive(name));
        await session.GrantedAtOnceAsync(Exclusive(name + "2"));
        await session.GrantedAtOnceAsync(Exclusive(name[..^1]));
    }
}
