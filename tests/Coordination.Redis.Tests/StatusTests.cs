using System.Threading.Channels;
using Coordination.Backends;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>What others see of a resource, and how a claim changes hands.</summary>
public abstract class StatusTests(IServerFixture fixture) : BackendTests(fixture)
{
    [Fact]
    public async Task An_inspection_shows_holders_and_waiters_in_order_with_their_values()
    {
        var values = (string[])["", " a  b ", "line\nbreak\0and\u2028more", "ünï😀"];
        var held = new List<(ClaimKey Key, FencingToken Token)>();
        foreach (var value in values)
        {
            held.Add(await HoldAsync(ClaimMode.Counted, 4, value: value));
        }

        var (waiting, _) = await QueueAsync(ClaimMode.Exclusive);
        var snapshot = await Backend.InspectAsync(Resource, holdersOnly: false, Token);

        Assert.Equal(
            held.Zip(values, (claim, value) => new ClaimStatus(claim.Key.Id, ClaimMode.Counted, value, claim.Token)), snapshot.Holders);
        Assert.Equal([new ClaimStatus(waiting.Id, ClaimMode.Exclusive, "", null)], snapshot.Waiters);
        Assert.InRange(snapshot.RecheckAfter!.Value, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30.002));
        Assert.Empty((await Backend.InspectAsync(Resource, holdersOnly: true, Token)).Waiters);
    }

    [Fact]
    public async Task An_inspection_of_nothing_is_empty()
    {
        var snapshot = await Backend.InspectAsync(Resource, holdersOnly: false, Token);

        Assert.Empty(snapshot.Holders);
        Assert.Empty(snapshot.Waiters);
        Assert.Null(snapshot.RecheckAfter);
    }

    [Fact]
    public async Task Only_a_granted_claim_takes_a_value()
    {
        var (held, token) = await HoldAsync();
        var (waiting, _) = await QueueAsync();

        Assert.True(await Session.SetValueAsync(held, "new value", Token));
        Assert.False(await Session.SetValueAsync(waiting, "x", Token));
        Assert.False(await Session.SetValueAsync(new ClaimKey(Resource, NewId()), "x", Token));

        var shown = Assert.Single((await Backend.InspectAsync(Resource, true, Token)).Holders);
        Assert.Equal(("new value", token), (shown.Value, shown.FencingToken!.Value));
    }

    [Fact]
    public async Task A_watcher_hears_of_each_grant_value_and_end_of_claims_that_are_announced()
    {
        await using var connection = await ConnectAsync();
        await using var watching = new RedisBackend(connection);
        var heard = Channel.CreateUnbounded<int>();
        await using var watch = await watching.WatchAsync(Resource, () => heard.Writer.TryWrite(0), Token);

        var (first, _) = await HoldAsync(announce: true);
        await heard.Reader.ReadAsync(Token);
        await ClaimAsync(announce: true);
        await Session.SetValueAsync(first, "new", Token);
        await heard.Reader.ReadAsync(Token);
        await Session.ReleaseAsync(first, Token);
        await heard.Reader.ReadAsync(Token);

        Assert.Equal(0, heard.Reader.Count);
    }

    [Fact]
    public async Task A_watch_that_was_ended_hears_nothing_and_others_go_on()
    {
        await using var connection = await ConnectAsync();
        await using var watching = new RedisBackend(connection);
        var heard = Channel.CreateUnbounded<string>();
        var ended = await watching.WatchAsync(Resource, () => heard.Writer.TryWrite("ended"), Token);
        await using var other = await watching.WatchAsync(Resource, () => heard.Writer.TryWrite("other"), Token);
        await ended.DisposeAsync();

        await HoldAsync(announce: true);

        Assert.Equal("other", await heard.Reader.ReadAsync(Token));
        Assert.Equal(0, heard.Reader.Count);
    }

    [Fact]
    public async Task A_detached_claim_is_taken_over_once_with_its_token()
    {
        var (held, token) = await HoldAsync();
        var ticket = await Session.DetachAsync(held, Token);
        Assert.NotNull(ticket);
        Assert.Equal(ticket, await Session.DetachAsync(held, Token));
        await using var other = Connect();
        await using var third = Connect();

        var session = await OpenAsync(20_000, ticket: ticket, backend: other);
        await Assert.ThrowsAsync<LeaseLostException>(() => OpenAsync(ticket: ticket, backend: third));
        await Assert.ThrowsAsync<LeaseLostException>(() => OpenAsync(ticket: ticket, backend: other));

        var (_, found) = await ClaimAsync(id: held.Id, intent: ClaimIntent.FindExisting, session: session);
        Assert.Equal((ClaimOutcome.Granted, token), (found.Outcome, found.Token));
        Assert.Equal(TimeSpan.FromSeconds(20), found.Remaining);
    }

    [Fact]
    public async Task Of_two_who_attach_at_once_over_one_connection_one_gets_it()
    {
        var (held, _) = await HoldAsync();
        var ticket = await Session.DetachAsync(held, Token);

        var attempts = Enumerable.Range(0, 8).Select(_ => OpenAsync(ticket: ticket)).ToArray();
        var won = 0;
        foreach (var attempt in attempts)
        {
            try
            {
                await attempt;
                won++;
            }
            catch (LeaseLostException)
            {
                // Another was first.
            }
        }

        Assert.Equal(1, won);
    }

    [Fact]
    public async Task Of_many_who_attach_over_and_over_one_gets_it()
    {
        for (var round = 0; round < 100; round++)
        {
            var (held, _) = await HoldAsync();
            var ticket = await Session.DetachAsync(held, Token);
            var won = 0;

            async Task TryAsync()
            {
                for (var i = 0; i < 4; i++)
                {
                    try
                    {
                        await OpenAsync(ticket: ticket);
                        Interlocked.Increment(ref won);
                    }
                    catch (LeaseLostException)
                    {
                        // Another was first.
                    }
                }
            }

            await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(TryAsync, Token)));
            Assert.Equal(1, won);
            await Session.ReleaseAsync(held, Token);
        }
    }

    [Fact]
    public async Task A_claim_that_was_not_detached_or_has_ended_is_not_taken_over()
    {
        var brief = await OpenAsync(5_000);
        var (held, _) = await HoldAsync(session: brief);
        await Assert.ThrowsAsync<LeaseLostException>(() => OpenAsync(ticket: new RedisTicket(held).ToString()));
        var ticket = await brief.DetachAsync(held, Token);
        Assert.NotNull(ticket);
        Assert.Null(await Session.DetachAsync(new ClaimKey(Resource, NewId()), Token));
        await UntilAsync(async () => (await HoldersAsync()).Length == 0);

        await Assert.ThrowsAsync<LeaseLostException>(() => OpenAsync(ticket: ticket));
    }

    [Theory]
    [InlineData("")]
    [InlineData("redis1.abc")]
    [InlineData("redis1.abc.*")]
    [InlineData("redis2.abc.YQ")]
    [InlineData("redis1.:.YQ")]
    [InlineData("redis1.!abc.YQ")]
    [InlineData("redis1.abc def.YQ")]
    [InlineData("redis1.abc._w")]
    public async Task A_ticket_of_another_make_is_refused(string ticket) =>
        await Assert.ThrowsAsync<ArgumentException>(() => OpenAsync(ticket: ticket));

    [Fact]
    public async Task After_the_connection_for_messages_was_cut_waiters_ask_again_and_hear_of_grants_anew()
    {
        await using var connection = await ConnectAsync();
        await using var listening = new RedisBackend(connection);
        var hints = new Hints();
        var session = await OpenAsync(hints: hints, backend: listening);
        var (held, _) = await HoldAsync();
        var (waiting, _) = await QueueAsync(session: session);
        var changed = new TaskCompletionSource();
        await using var watch = await listening.WatchAsync(Resource, () => changed.TrySetResult(), Token);

        await Database.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");

        await hints.AskAgainAsync();
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        await Session.ReleaseAsync(held, Token);
        await hints.GrantOfAsync(waiting.Id);
    }

    // The driver raises its event for connections that are back also for the first ones, when they are up, and a backend then has everybody ask again. Here that was before the backend:
    // what is heard, is heard of what the test does. Each half answers a ping after its event.
    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var configuration = RedisConnection.Configure(EndPoint + Patient.Connection);
        configuration.BacklogPolicy = BacklogPolicy.Default;
        var connection = await ConnectionMultiplexer.ConnectAsync(configuration);
        await connection.GetDatabase().PingAsync();
        await connection.GetSubscriber().PingAsync();
        return connection;
    }
}

/// <inheritdoc/>
public sealed class RedisStatusTests(RedisFixture fixture) : StatusTests(fixture), IClassFixture<RedisFixture>;

/// <inheritdoc/>
public sealed class GarnetStatusTests(GarnetFixture fixture) : StatusTests(fixture), IClassFixture<GarnetFixture>;
