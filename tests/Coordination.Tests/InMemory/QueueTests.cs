using Coordination.Backends;
using Coordination.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Coordination.Tests.InMemory;

/// <summary>The queue of claims of a resource, without faults.</summary>
public sealed class QueueTests : InMemoryTest
{
    [Fact]
    public async Task A_free_resource_is_granted_with_the_call()
    {
        var session = await OpenAsync();
        var call = session.ClaimAsync(new ClaimRequest(Key("a"), ClaimMode.Exclusive, 1, ""), Ct);
        Assert.True(call.IsCompletedSuccessfully);
        var result = await call;
        Assert.Equal(ClaimOutcome.Granted, result.Outcome);
        Assert.True(result.Token.Value > 0);
        Assert.Null(result.Remaining);
    }

    [Fact]
    public async Task Claims_are_granted_in_the_order_of_arrival_with_growing_tokens()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        var first = await ClaimAsync(session, "a");
        Assert.Equal(ClaimOutcome.Waiting, (await ClaimAsync(session, "b")).Outcome);
        Assert.Equal(ClaimOutcome.Waiting, (await ClaimAsync(session, "c")).Outcome);
        Assert.True(await ReleaseAsync(session, "a"));
        Assert.True(await ReleaseAsync(session, "b"));
        Assert.Equal(["granted b", "granted c"], listener.Hints);
        Assert.True(first.Token < listener.Tokens[0] && listener.Tokens[0] < listener.Tokens[1]);
    }

    [Theory]
    [InlineData("X X S S", "0 | 1 2 3")]
    [InlineData("S S X S", "0 1 | 2 3")]
    [InlineData("C2 C2 C2", "0 1 | 2")]
    [InlineData("C3 C1 C3", "0 | 1 2")]
    [InlineData("C1 C3", "0 | 1")]
    [InlineData("S C2 X", "0 | 1 2")]
    public async Task All_modes_stand_in_one_queue(string claims, string queue)
    {
        var session = await OpenAsync();
        await EnterAsync(session, claims);
        Assert.Equal(queue, await QueueAsync());
    }

    [Theory]
    [InlineData("X S S X", "0", "1 2 | 3")]
    [InlineData("S X S", "1", "0 2 |")] // the waiter between them gone, the reader behind it joins
    [InlineData("S X S X", "2", "0 | 1 3")] // one in the middle that goes promotes nobody
    [InlineData("C3 C1 C3", "1", "0 2 |")]
    [InlineData("C2 C2 C2 C2", "1", "0 2 | 3")]
    [InlineData("X", "0", "|")]
    public async Task A_removal_grants_what_the_rule_then_allows(string claims, string released, string queue)
    {
        var session = await OpenAsync();
        await EnterAsync(session, claims);
        Assert.True(await ReleaseAsync(session, released));
        Assert.Equal(queue, await QueueAsync());
    }

    [Fact]
    public async Task A_claim_that_is_there_is_not_made_again()
    {
        var session = await OpenAsync();
        var held = await ClaimAsync(session, "a");
        await ClaimAsync(session, "b");
        Assert.Equal(held, await ClaimAsync(session, "a"));
        Assert.Equal(held, await ClaimAsync(session, "a", intent: ClaimIntent.FindExisting));
        Assert.Equal(ClaimOutcome.Waiting, (await ClaimAsync(session, "b")).Outcome);
        Assert.Equal(ClaimOutcome.Waiting, (await ClaimAsync(session, "b", intent: ClaimIntent.FindExisting)).Outcome);
        Assert.Equal("a | b", await QueueAsync());
    }

    [Fact]
    public async Task Trying_once_leaves_nothing()
    {
        var session = await OpenAsync();
        await ClaimAsync(session, "a");
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(session, "b", intent: ClaimIntent.TryOnce)).Outcome);
        Assert.Equal("a |", await QueueAsync());
        await ReleaseAsync(session, "a");
        Assert.Equal("|", await QueueAsync());
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, "c", intent: ClaimIntent.TryOnce)).Outcome);
    }

    [Fact]
    public async Task Trying_once_does_not_pass_those_who_wait()
    {
        var session = await OpenAsync();
        await ClaimAsync(session, "a", ClaimMode.Shared);
        await ClaimAsync(session, "b");
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(session, "c", ClaimMode.Shared, intent: ClaimIntent.TryOnce)).Outcome);
    }

    [Fact]
    public async Task Finding_never_creates()
    {
        var session = await OpenAsync();
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(session, "a", intent: ClaimIntent.FindExisting)).Outcome);
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task Nobody_touches_anothers_claim()
    {
        var mine = await OpenAsync();
        var others = await OpenAsync(on: Server.CreateBackend());
        await ClaimAsync(mine, "a");
        Assert.False(await ReleaseAsync(others, "a"));
        Assert.False(await others.SetValueAsync(Key("a"), "stolen", Ct));
        Assert.Null(await others.DetachAsync(Key("a"), Ct));
        Assert.Equal(ClaimRenewalOutcome.Lost, Assert.Single((await RenewAsync(others, "a")).Exceptions).Outcome);
        Assert.Equal("a |", await QueueAsync());
    }

    [Fact]
    public async Task Tokens_grow_across_idle_times_resources_and_restarts()
    {
        var session = await OpenAsync();
        var last = default(FencingToken);
        for (var i = 0; i < 5; i++)
        {
            var granted = await ClaimAsync(session, $"a{i}");
            Assert.True(granted.Token > last);
            last = granted.Token;
            await ReleaseAsync(session, $"a{i}");
            Server.Restart();
        }

        // The next run of the process, a little later: what a database remembers of the last one must not refuse it.
        Time.Advance(TimeSpan.FromSeconds(1));
        var next = new InMemoryServer(Time).CreateBackend();
        Assert.True((await ClaimAsync(await OpenAsync(on: next), "b")).Token > last);
    }

    [Fact]
    public async Task The_value_of_a_granted_claim_changes()
    {
        var session = await OpenAsync();
        await ClaimAsync(session, "a");
        await ClaimAsync(session, "b");
        Assert.True(await session.SetValueAsync(Key("a"), "new", Ct));
        Assert.False(await session.SetValueAsync(Key("b"), "new", Ct));
        Assert.False(await session.SetValueAsync(Key("c"), "new", Ct));
        var queue = await Connection.InspectAsync(Resource, holdersOnly: false, Ct);
        Assert.Equal("new", Assert.Single(queue.Holders).Value);
        Assert.Equal("value of b", Assert.Single(queue.Waiters).Value);
    }

    [Fact]
    public async Task An_inspection_shows_modes_and_tokens_and_leaves_waiters_out_on_demand()
    {
        var session = await OpenAsync();
        var first = await ClaimAsync(session, "a", ClaimMode.Shared);
        var second = await ClaimAsync(session, "b", ClaimMode.Shared);
        await ClaimAsync(session, "c");
        var queue = await Connection.InspectAsync(Resource, holdersOnly: true, Ct);
        Assert.Equal(
            [new("a", ClaimMode.Shared, "value of a", first.Token), new ClaimStatus("b", ClaimMode.Shared, "value of b", second.Token)],
            queue.Holders);
        Assert.Empty(queue.Waiters);
        var waiter = Assert.Single((await Connection.InspectAsync(Resource, holdersOnly: false, Ct)).Waiters);
        Assert.Null(waiter.FencingToken);
    }

    [Fact]
    public async Task Names_are_compared_by_their_characters()
    {
        var session = await OpenAsync();
        foreach (var (name, i) in new[] { "a/b", "a%2Fb", "A/b", "é", "e\u0301" }.Select(static (name, i) => (name, i)))
        {
            Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, $"id{i}", resource: name)).Outcome);
        }
    }

    [Fact]
    public async Task A_claim_and_its_release_allocate_little_and_leave_nothing()
    {
        var session = await OpenAsync();
        var requests = Enumerable.Range(0, 1100).Select(static i => new ClaimRequest(Key($"id{i}"), ClaimMode.Exclusive, 1, "")).ToArray();
        await ClaimAndReleaseAsync(requests[..100]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var rest = requests.AsMemory(100);
        var isDone = ClaimAndRelease(rest.Span);
        var perPair = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000.0;
        Assert.True(isDone);
        Assert.True(perPair <= 160, $"{perPair} bytes");

        async Task ClaimAndReleaseAsync(ClaimRequest[] warmUp)
        {
            foreach (var request in warmUp)
            {
                await session.ClaimAsync(request, Ct);
                await session.ReleaseAsync(request.Key, Ct);
            }
        }

        bool ClaimAndRelease(ReadOnlySpan<ClaimRequest> requests)
        {
            var isDone = true;
            foreach (var request in requests)
            {
                isDone &= session.ClaimAsync(request, CancellationToken.None).IsCompletedSuccessfully;
                isDone &= session.ReleaseAsync(request.Key, CancellationToken.None).IsCompletedSuccessfully;
            }

            return isDone;
        }
    }

    [Fact]
    public async Task Contenders_on_many_threads_never_overlap()
    {
        var (holders, overlaps, turns) = (0, 0, 0);
        var server = new InMemoryServer(new FakeTimeProvider());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(
            async () =>
            {
                var granted = new SemaphoreSlim(0);
                var listener = new RecordingListener { OnHint = _ => granted.Release() };
                var session = await OpenAsync(listener, server.CreateBackend());
                for (var i = 0; i < 500; i++)
                {
                    if ((await ClaimAsync(session, $"{worker}-{i}")).Outcome == ClaimOutcome.Waiting)
                    {
                        await granted.WaitAsync(Ct);
                    }

                    overlaps += Interlocked.Increment(ref holders) == 1 ? 0 : 1;
                    turns++; // unguarded on purpose: the lock is what guards it
                    Interlocked.Decrement(ref holders);
                    await ReleaseAsync(session, $"{worker}-{i}");
                }
            },
            Ct)));
        Assert.Equal((0, 2000), (overlaps, turns));
    }

    private static async Task EnterAsync(IBackendSession session, string claims)
    {
        foreach (var (claim, i) in claims.Split(' ').Select(static (claim, i) => (claim, i)))
        {
            var mode = claim[0] switch { 'X' => ClaimMode.Exclusive, 'S' => ClaimMode.Shared, _ => ClaimMode.Counted };
            await ClaimAsync(session, $"{i}", mode, mode == ClaimMode.Counted ? claim[1] - '0' : 1);
        }
    }
}
