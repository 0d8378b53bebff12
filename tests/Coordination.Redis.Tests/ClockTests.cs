using Coordination.Backends;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;

namespace Coordination.Redis.Tests;

/// <summary>Rules 9 to 11: what the server's clock may do, and tokens. On a redis-server under libfaketime.</summary>
public sealed class ClockTests(ClockFixture fixture) : BackendTests(fixture), IClassFixture<ClockFixture>
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Rule_9_after_a_step_back_a_dead_holder_keeps_others_out_for_one_duration_at_most()
    {
        await fixture.Server.SetClockAsync(TimeSpan.Zero);
        await HoldAsync(session: await OpenAsync(3_000));
        var (waiting, _) = await QueueAsync();

        await fixture.Server.SetClockAsync(-Hour);

        // Clamped to one duration from the first script after the step.
        var (_, stepped) = await ClaimAsync(id: waiting.Id);
        Assert.Equal(ClaimOutcome.Waiting, stepped.Outcome);
        Assert.InRange(stepped.RecheckAfter!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(3_002));
        await PassAsync(stepped.RecheckAfter.Value);
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(id: waiting.Id)).Result.Outcome);
    }

    [Fact]
    public async Task Rule_9_a_step_back_takes_nothing_from_a_holder_and_frees_used_up_ids_in_time()
    {
        await fixture.Server.SetClockAsync(TimeSpan.Zero);
        var session = await OpenAsync(3_000);
        var (held, token) = await HoldAsync(session: session);
        var dead = new ClaimKey(Resource, NewId());
        Assert.False(await session.ReleaseAsync(dead, Token));

        await fixture.Server.SetClockAsync(-Hour);

        Assert.Empty((await session.RenewAsync([held], Token)).Exceptions);
        var (_, found) = await ClaimAsync(id: held.Id, session: session);
        Assert.Equal((ClaimOutcome.Granted, token), (found.Outcome, found.Token));
        await UntilAsync(async () =>
        {
            await session.RenewAsync([held], Token);
            return (await ClaimAsync(id: dead.Id, session: session)).Result.Outcome != ClaimOutcome.Refused;
        });
    }

    [Fact]
    public async Task Rule_10_tokens_grow_over_a_step_back()
    {
        await fixture.Server.SetClockAsync(TimeSpan.Zero);
        var (first, firstToken) = await HoldAsync();
        await Session.ReleaseAsync(first, Token);
        await fixture.Server.SetClockAsync(-Hour / 2);

        var (second, secondToken) = await HoldAsync();
        await Session.ReleaseAsync(second, Token);
        var (_, thirdToken) = await HoldAsync();

        Assert.Equal(firstToken.Value + 1, secondToken.Value);
        Assert.Equal(firstToken.Value + 2, thirdToken.Value);
    }

    [Fact]
    public async Task Rule_10_the_register_lives_until_its_tokens_time_plus_the_retention_not_from_now()
    {
        await fixture.Server.SetClockAsync(TimeSpan.Zero);
        var (first, token) = await HoldAsync();
        await Session.ReleaseAsync(first, Token);
        await fixture.Server.SetClockAsync(-Hour);

        // The token is an hour ahead of the clock now. Were its life counted from now, it would be forgotten while the clock is still
        // behind it, and the next token would be smaller.
        var (second, secondToken) = await HoldAsync();
        await Session.ReleaseAsync(second, Token);

        var expires = (await Database.KeyExpireTimeAsync(Backend.Keys.Of(Resource).Claims))!.Value;
        Assert.True(expires >= DateTime.UnixEpoch.AddMicroseconds(secondToken.Value) + Hour);
        Assert.True(token < secondToken);
    }

    [Fact]
    public async Task Rule_10_a_resource_that_nobody_uses_vanishes_and_its_tokens_grow_all_the_same()
    {
        await fixture.Server.SetClockAsync(-3 * Hour);
        var (first, token) = await HoldAsync();
        var (waiting, _) = await QueueAsync();
        await Session.ReleaseAsync(first, Token);
        await Session.ReleaseAsync(waiting, Token);
        var keys = Backend.Keys.Of(Resource);
        Assert.True(await Database.KeyExistsAsync(keys.Claims));

        await fixture.Server.SetClockAsync(TimeSpan.Zero);

        Assert.Equal(0, await Database.KeyExistsAsync([keys.Claims, keys.Waiters]));
        var (_, later) = await HoldAsync();
        Assert.True(token < later);
    }

    [Fact]
    public async Task Keys_outlive_claims_that_last_longer_than_the_retention()
    {
        await fixture.Server.SetClockAsync(-3 * Hour);
        var day = await OpenAsync((int)TimeSpan.FromDays(1).TotalMilliseconds);
        var (held, _) = await HoldAsync(session: day);
        var (waiting, _) = await QueueAsync(session: day);

        await fixture.Server.SetClockAsync(TimeSpan.Zero);

        Assert.Equal(ClaimOutcome.Granted, await FindAsync(held, day));
        Assert.Equal(ClaimOutcome.Waiting, await FindAsync(waiting, day));
    }

    [Fact]
    public async Task Rule_11_numbers_are_written_out()
    {
        await fixture.Server.SetClockAsync(TimeSpan.Zero);
        var (held, token) = await HoldAsync();
        await QueueAsync();
        await Session.RenewAsync([held], Token);

        var record = (string)(await Database.HashGetAsync(Backend.Keys.Of(Resource).Claims, held.Id))!;

        Assert.Matches("^0 [0-9]{16} 0 [0-9]{13} 1 30000 coordination:hints:[A-Za-z0-9_-]{22} [0-9]+ $", record);
        Assert.Contains($" {token} ", record, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_11_beyond_2_to_the_53_nothing_is_granted()
    {
        await fixture.Server.SetClockAsync(TimeSpan.Zero);
        var (held, _) = await HoldAsync();
        await Session.ReleaseAsync(held, Token);
        var key = Backend.Keys.Of(Resource).Claims;
        var state = (byte[])(await Database.HashGetAsync(key, ":"))!;
        System.Buffers.Binary.BinaryPrimitives.WriteDoubleBigEndian(state, (1L << 53) - 2);
        await Database.HashSetAsync(key, ":", state);

        var (last, token) = await HoldAsync();
        await Session.ReleaseAsync(last, Token);
        var refused = await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync());

        Assert.Equal((1L << 53) - 1, token.Value);
        Assert.False(refused.IsTransient);
        Assert.Contains("2^53", refused.Message, StringComparison.Ordinal);
    }
}

/// <summary>A redis-server whose clock is moved.</summary>
public sealed class ClockFixture : IServerFixture
{
    private RedisServerProcess? _server;

    /// <summary>The server, once it was required.</summary>
    public RedisServerProcess Server => _server!;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => default;

    /// <inheritdoc/>
    public async ValueTask<string> RequireAsync()
    {
        if (_server is null)
        {
            Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
            Missing.SkipIf(RedisServerProcess.FakeTimeLibrary is null, "libfaketime");
            _server = new RedisServerProcess(fakeClock: true);
            await _server.StartAsync();
        }

        return _server.EndPoint;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
