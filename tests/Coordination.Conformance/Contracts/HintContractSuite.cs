using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>The hints that make hand-offs quick, and that a backend may say "ask again after" where it gives none.</summary>
[Trait("Contract", "Hints")]
[Trait("Guarantee", "G7")]
public abstract class HintContractSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    [Case]
    public async Task A_release_is_told_to_the_next_without_its_asking()
    {
        var holder = await OpenAsync();
        var waiter = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        await holder.GrantedAtOnceAsync(held);
        await waiter.WaitingAsync(waiting);
        await holder.ReleaseAsync(held);
        await Time.UntilAsync(() => waiter.Listener.Granted.ContainsKey(waiting.Key.Id) || waiter.Listener.Changed > 0, Soon, "a hint");
        var now = await waiter.AskAsync(waiting);
        Assert.Equal(ClaimOutcome.Granted, now.Outcome);
        if (waiter.Listener.Granted.TryGetValue(waiting.Key.Id, out var told))
        {
            Assert.Equal(now.Token, told);
        }
    }

    [Case]
    public async Task All_readers_behind_a_writer_are_told()
    {
        var writer = await OpenAsync();
        var readers = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Enumerable.Range(0, 5).Select(_ => Shared(name)).ToArray();
        await writer.GrantedAtOnceAsync(held);
        foreach (var claim in waiting)
        {
            await readers.WaitingAsync(claim);
        }

        await writer.ReleaseAsync(held);
        await Time.UntilAsync(
            () => waiting.All(claim => readers.Listener.Granted.ContainsKey(claim.Key.Id)) || readers.Listener.Changed > 0, Soon, "hints");
        foreach (var claim in waiting)
        {
            await GrantedAsync(readers, claim, Soon);
        }
    }

    [Case]
    public async Task Those_not_concerned_are_not_told_that_they_hold()
    {
        var holder = await OpenAsync();
        var waiters = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var claims = Enumerable.Range(0, 4).Select(_ => Exclusive(name)).ToArray();
        await holder.GrantedAtOnceAsync(held);
        foreach (var claim in claims)
        {
            await waiters.WaitingAsync(claim);
        }

        await holder.ReleaseAsync(held);
        await GrantedAsync(waiters, claims[0], Soon);
        await Time.SettleAsync();
        Assert.DoesNotContain(claims.Skip(1), claim => waiters.Listener.Granted.ContainsKey(claim.Key.Id));
    }

    [Case]
    public async Task A_waiter_is_told_when_to_ask_again_or_of_the_holders_death()
    {
        var dead = await OpenAsync();
        var waiter = await OpenAsync(Duration * 3);
        var name = NewName();
        await dead.GrantedAtOnceAsync(Exclusive(name));
        var waiting = Exclusive(name);
        var answer = await waiter.WaitingAsync(waiting);
        if (answer.RecheckAfter is { } recheck)
        {
            // Asking then is soon enough: not much later than the death, nor so early that it would amount to polling.
            Assert.InRange(recheck, TimeSpan.FromMilliseconds(1), Takeover);
        }

        await GrantedAsync(waiter, waiting, Takeover + Soon);
    }

    [Case]
    public async Task A_disposed_session_raises_no_hints()
    {
        var holder = await OpenAsync();
        var waiter = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        await holder.GrantedAtOnceAsync(held);
        await waiter.WaitingAsync(Exclusive(name));
        await waiter.Session.DisposeAsync();
        var before = waiter.Listener.Changed;
        await holder.ReleaseAsync(held);
        await Time.PassAsync(Time.IsFake ? Duration / 10 : TimeSpan.FromMilliseconds(100));
        Assert.Empty(waiter.Listener.Granted);
        Assert.Equal(before, waiter.Listener.Changed);
        Assert.False(waiter.Listener.IsSessionLost);
    }

    [Case]
    public async Task A_grant_that_passed_while_the_connection_was_broken_is_found_afterwards()
    {
        // A break is no event and no silence: the backend says "ask all again", or the grant itself.
        var holder = await OpenAsync();
        var waiter = await OpenAsync(Duration * 20);
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        await holder.GrantedAtOnceAsync(held);
        await waiter.WaitingAsync(waiting);
        waiter.Connection.Cut();
        await holder.ReleaseAsync(held);
        await waiter.Connection.BreakAsync();
        waiter.Connection.Restore();
        await Time.UntilAsync(
            () => waiter.Listener.Granted.ContainsKey(waiting.Key.Id) || waiter.Listener.Changed > 0,
            TimeSpan.FromSeconds(20),
            "a hint after the connection came back");
        Assert.Equal(ClaimOutcome.Granted, (await waiter.AskAsync(waiting)).Outcome);
    }
}
