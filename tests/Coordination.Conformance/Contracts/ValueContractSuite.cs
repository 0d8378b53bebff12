using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>Values, inspection and watches: what elections are made of.</summary>
[Trait("Contract", "Values")]
public abstract class ValueContractSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    [Case]
    public async Task An_inspection_shows_each_claim_as_it_was_made()
    {
        var session = await OpenAsync();
        var name = NewName();
        var shared = Shared(name) with { Value = "reader" };
        var exclusive = Exclusive(name) with { Value = "writer" };
        var counted = Counted(name, 7) with { Value = "permit" };
        var token = await session.GrantedAtOnceAsync(shared);
        await session.WaitingAsync(exclusive);
        var isMixed = session.Backend.Description.AllowsMixedClaims;
        if (isMixed)
        {
            await session.WaitingAsync(counted);
        }

        var snapshot = await session.Backend.InspectAsync(name, holdersOnly: false, Cancellation);
        Assert.Equal([new ClaimStatus(shared.Key.Id, ClaimMode.Shared, "reader", token)], snapshot.Holders);
        var waiters = new List<ClaimStatus> { new(exclusive.Key.Id, ClaimMode.Exclusive, "writer", null) };
        if (isMixed)
        {
            waiters.Add(new ClaimStatus(counted.Key.Id, ClaimMode.Counted, "permit", null));
        }

        Assert.Equal(waiters, snapshot.Waiters);
        Assert.Equal(snapshot.Holders, (await session.Backend.InspectAsync(name, holdersOnly: true, Cancellation)).Holders);
    }

    [Case]
    public async Task Nobody_holds_what_nobody_claimed()
    {
        var session = await OpenAsync();
        var snapshot = await session.Backend.InspectAsync(NewName(), holdersOnly: false, Cancellation);
        Assert.Empty(snapshot.Holders);
        Assert.Empty(snapshot.Waiters);
    }

    [CaseTable]
    [InlineData("")]
    [InlineData("http://10.0.0.1:8080/")]
    [InlineData("two\nlines\tand a tab, \0 too")]
    [InlineData("Zoë — 日本語 — 🜛 — \u202Eright to left")]
    [InlineData("a:b;c,d|e\"f'g{h}[i](j)\\k/l%2F+m=n&o")]
    [InlineData("-1")]
    [InlineData("1e308")]
    public async Task Any_text_is_a_value(string value)
    {
        var session = await OpenAsync();
        var claim = Exclusive(NewName()) with { Value = value };
        await session.GrantedAtOnceAsync(claim);
        Assert.Equal(value, await ValueAsync(session, claim));
        Assert.True(await session.Session.SetValueAsync(claim.Key, "other", Cancellation));
        Assert.Equal("other", await ValueAsync(session, claim));
        Assert.True(await session.Session.SetValueAsync(claim.Key, value, Cancellation));
        Assert.Equal(value, await ValueAsync(session, claim));
    }

    [Case]
    public async Task The_longest_value_is_kept_whole()
    {
        var session = await OpenAsync();
        var value = string.Concat(Enumerable.Repeat("€", 10_922)) + "ab"; // 32,768 bytes of UTF-8
        var claim = Exclusive(NewName()) with { Value = value };
        await session.GrantedAtOnceAsync(claim);
        Assert.Equal(value, await ValueAsync(session, claim));
    }

    [Case]
    public async Task Setting_a_value_changes_neither_the_token_nor_the_queue()
    {
        var session = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var token = await session.GrantedAtOnceAsync(held);
        await session.WaitingAsync(Exclusive(name));
        Assert.True(await session.Session.SetValueAsync(held.Key, "new", Cancellation));
        var snapshot = await session.Backend.InspectAsync(name, holdersOnly: false, Cancellation);
        Assert.Equal(new ClaimStatus(held.Key.Id, ClaimMode.Exclusive, "new", token), Assert.Single(snapshot.Holders));
        Assert.Single(snapshot.Waiters);
    }

    [Case]
    public async Task Only_a_granted_claim_has_a_value_to_set()
    {
        var session = await OpenAsync();
        var name = NewName();
        var held = Exclusive(name);
        var waiting = Exclusive(name);
        await session.GrantedAtOnceAsync(held);
        await session.WaitingAsync(waiting);
        Assert.False(await session.Session.SetValueAsync(waiting.Key, "new", Cancellation));
        Assert.False(await session.Session.SetValueAsync(new ClaimKey(name, NewId()), "new", Cancellation));
        await session.ReleaseAsync(waiting);
        await session.ReleaseAsync(held);
        Assert.False(await session.Session.SetValueAsync(held.Key, "new", Cancellation));
        Assert.Empty((await QueueAsync(session, name)).Holders);
    }

    [Case]
    public async Task A_watch_tells_of_grants_values_and_ends()
    {
        var session = await OpenAsync();
        var watcher = await ConnectAsync();
        var name = NewName();
        var changes = 0;
        await using var watch = await watcher.Backend.WatchAsync(name, () => Interlocked.Increment(ref changes), Cancellation);
        var first = Exclusive(name) with { Announce = true };
        var second = Exclusive(name) with { Announce = true };

        await ToldAsync(async () => await session.GrantedAtOnceAsync(first), "a grant");
        await ToldAsync(async () => await session.Session.SetValueAsync(first.Key, "new", Cancellation), "a value");
        await session.WaitingAsync(second);
        await ToldAsync(async () => await session.ReleaseAsync(first), "a release and the next grant");
        await GrantedAsync(session, second, Soon);
        await ToldAsync(async () => await session.EndAsync(second), "the end of the session");

        async Task ToldAsync(Func<Task> change, string what)
        {
            await Time.SettleAsync();
            var before = Volatile.Read(ref changes);
            await change();
            await Time.UntilAsync(() => Volatile.Read(ref changes) > before, Soon, $"the watch tells of {what}");
        }
    }

    [Case]
    public async Task A_holders_expiry_is_told_or_the_inspection_says_when_to_look_again()
    {
        var session = await OpenAsync();
        var watcher = await OpenAsync();
        var name = NewName();
        var changes = 0;
        await using var watch = await watcher.Backend.WatchAsync(name, () => Interlocked.Increment(ref changes), Cancellation);
        var claim = Exclusive(name) with { Announce = true };
        await session.GrantedAtOnceAsync(claim);
        await Time.UntilAsync(() => Volatile.Read(ref changes) > 0, Soon, "the grant");
        var before = Volatile.Read(ref changes);
        var snapshot = await watcher.Backend.InspectAsync(name, holdersOnly: true, Cancellation);
        Assert.Single(snapshot.Holders);
        if (snapshot.RecheckAfter is { } recheck)
        {
            Assert.InRange(recheck, TimeSpan.FromMilliseconds(1), Takeover);
            await Time.PassAsync(recheck);
            await Time.UntilAsync(
                async () => (await watcher.Backend.InspectAsync(name, holdersOnly: true, Cancellation)).Holders.Count == 0,
                Server.Latency + TimeSpan.FromMilliseconds(50),
                "an empty inspection when it was due");
        }
        else
        {
            await Time.UntilAsync(() => Volatile.Read(ref changes) > before, Takeover, "the expiry");
        }
    }

    [Case]
    public async Task A_watch_that_was_disposed_tells_nothing()
    {
        var session = await OpenAsync();
        var name = NewName();
        var changes = 0;
        var watch = await session.Backend.WatchAsync(name, () => Interlocked.Increment(ref changes), Cancellation);
        await watch.DisposeAsync();
        await watch.DisposeAsync();
        await Time.SettleAsync();
        var before = Volatile.Read(ref changes);
        await session.GrantedAtOnceAsync(Exclusive(name) with { Announce = true });
        await Time.PassAsync(Time.IsFake ? Duration / 10 : TimeSpan.FromMilliseconds(100));
        Assert.Equal(before, Volatile.Read(ref changes));
    }

    [Case]
    public async Task A_watch_outlives_a_broken_connection()
    {
        var session = await OpenAsync(Duration * 20);
        var watcher = await ConnectAsync();
        var name = NewName();
        var changes = 0;
        await using var watch = await watcher.Backend.WatchAsync(name, () => Interlocked.Increment(ref changes), Cancellation);
        watcher.Cut();
        var claim = Exclusive(name) with { Announce = true };
        await session.GrantedAtOnceAsync(claim);
        await watcher.BreakAsync();
        watcher.Restore();
        await Time.UntilAsync(() => Volatile.Read(ref changes) > 0, TimeSpan.FromSeconds(20), "a change told after the break");

        // A watch that missed something says so once; what comes after is told again. On a real server the subscription may be a moment in coming.
        await Time.UntilAsync(
            async () =>
            {
                var before = Volatile.Read(ref changes);
                await session.Session.SetValueAsync(claim.Key, $"{before}", Cancellation);
                await Time.PassAsync(Time.IsFake ? Duration / 100 : TimeSpan.FromMilliseconds(50));
                return Volatile.Read(ref changes) > before;
            },
            TimeSpan.FromSeconds(20),
            "changes told as before");
    }

    private static async Task<string> ValueAsync(SessionUnderTest session, ClaimRequest claim) =>
        Assert.Single((await session.Backend.InspectAsync(claim.Key.Resource, holdersOnly: false, Cancellation)).Holders).Value;
}
