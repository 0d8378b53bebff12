using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>Tokens of one resource strictly increase in grant order, for good.</summary>
[Trait("Contract", "Tokens")]
[Trait("Guarantee", "G2")]
public abstract class TokenContractSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    [Case]
    public async Task Tokens_grow_from_release_to_release()
    {
        var sessions = new[] { await OpenAsync(), await OpenAsync() };
        var name = NewName();
        var last = default(FencingToken);
        for (var round = 0; round < 50; round++)
        {
            var claim = Exclusive(name);
            var token = await sessions[round % 2].GrantedAtOnceAsync(claim);
            Assert.True(token > last, $"{token} after {last}");
            last = token;
            await sessions[round % 2].ReleaseAsync(claim);
        }
    }

    [Case]
    public async Task Tokens_grow_from_waiter_to_waiter_and_from_mode_to_mode()
    {
        var session = await OpenAsync();
        var name = NewName();
        ClaimRequest[] claims = session.Backend.Description.AllowsMixedClaims
            ? [Exclusive(name), Shared(name), Shared(name), Counted(name, 1), Exclusive(name), Counted(name, 2), Counted(name, 2)]
            : [Exclusive(name), Shared(name), Exclusive(name), Exclusive(name), Shared(name)];
        await session.ClaimAsync(claims[0]);
        foreach (var claim in claims.Skip(1))
        {
            await session.WaitingAsync(claim);
        }

        var last = default(FencingToken);
        foreach (var claim in claims)
        {
            var token = await GrantedAsync(session, claim, Soon);
            Assert.True(token > last, $"{claim.Mode}: {token} after {last}");
            last = token;
            await session.ReleaseAsync(claim);
        }
    }

    [Case]
    public async Task Tokens_grow_over_an_expiry()
    {
        var dead = await OpenAsync();
        var name = NewName();
        var first = await dead.GrantedAtOnceAsync(Exclusive(name));
        await Time.UntilAsync(async () => (await QueueAsync(dead, name)).Holders.Length == 0, Takeover, "the end of the claim");
        var next = await OpenAsync();
        var second = await next.GrantedAtOnceAsync(Exclusive(name));
        Assert.True(second > first, $"{second} after {first}");
    }

    [Case]
    public async Task Tokens_grow_over_an_idle_time_of_many_durations()
    {
        var session = await OpenAsync();
        var name = NewName();
        var claim = Exclusive(name);
        var first = await session.GrantedAtOnceAsync(claim);
        await session.ReleaseAsync(claim);
        await Time.PassAsync(Duration * 5);
        var later = await OpenAsync();
        var second = await later.GrantedAtOnceAsync(Exclusive(name));
        Assert.True(second > first, $"{second} after {first}");
    }

    [Case]
    public async Task Tokens_grow_over_a_claim_deleted_by_force()
    {
        var session = await OpenAsync();
        var name = NewName();
        var claim = Exclusive(name);
        var first = await session.GrantedAtOnceAsync(claim);
        await Server.DeleteClaimAsync(claim.Key);
        var second = await session.GrantedAtOnceAsync(Exclusive(name));
        Assert.True(second > first, $"{second} after {first}");
    }

    [Case]
    public Task Tokens_grow_over_a_restart_that_keeps_the_data() => OverARestartAsync(keepData: true);

    [Case]
    public Task Tokens_grow_over_a_restart_that_loses_the_data() => OverARestartAsync(keepData: false);

    [Case]
    public async Task Tokens_grow_although_the_servers_clock_steps_back()
    {
        await UseOwnServerAsync();
        var session = await OpenAsync();
        var name = NewName();
        var last = default(FencingToken);
        foreach (var step in new[] { TimeSpan.Zero, -Duration, TimeSpan.FromHours(-1), TimeSpan.FromSeconds(-1) })
        {
            await Server.StepClockAsync(step);
            var claim = Exclusive(name);
            var token = await session.GrantedAtOnceAsync(claim);
            Assert.True(token > last, $"{token} after {last}, clock stepped by {step}");
            last = token;
            await session.ReleaseAsync(claim);
        }
    }

    [Case]
    public async Task A_server_clock_that_steps_back_does_not_keep_the_dead_alive()
    {
        // Rule 9: stored expiries are clamped, so a step back of an hour does not stall recovery for an hour.
        await UseOwnServerAsync();
        var dead = await OpenAsync();
        var name = NewName();
        await dead.GrantedAtOnceAsync(Exclusive(name));
        await Server.StepClockAsync(TimeSpan.FromHours(-1));
        await Time.UntilAsync(
            async () => (await QueueAsync(dead, name)).Holders.Length == 0, Takeover + Duration, "the end of the claim");
        var next = await OpenAsync();
        await next.GrantedAtOnceAsync(Exclusive(name));
    }

    [Case]
    public async Task A_server_clock_that_steps_back_takes_nothing_from_those_that_renew()
    {
        await UseOwnServerAsync();
        var session = await OpenAsync();
        var claim = Exclusive(NewName());
        await session.GrantedAtOnceAsync(claim);
        await Server.StepClockAsync(TimeSpan.FromHours(-1));
        for (var third = 0; third < 5; third++)
        {
            await Time.PassAsync(Duration / 3);
            Assert.DoesNotContain((await EventuallyAsync(() => session.RenewAsync(claim))).Exceptions, renewal => renewal.Outcome == ClaimRenewalOutcome.Lost);
        }

        Assert.Equal(ClaimOutcome.Granted, (await session.AskAsync(claim)).Outcome);
    }

    private async Task OverARestartAsync(bool keepData)
    {
        await UseOwnServerAsync();
        var before = await OpenAsync();
        var name = NewName();
        var claim = Exclusive(name);
        var first = await before.GrantedAtOnceAsync(claim);
        await before.ReleaseAsync(claim);
        await Server.KillAsync();
        await Server.RestartAsync(keepData);
        var after = await OpenAsync();

        // Asked again while the backend says so, as the engine does: of several servers one may still have to learn of the release.
        var next = Exclusive(name);
        ClaimResult? result = null;
        await Time.UntilAsync(
            async () =>
            {
                result = result is null ? await after.ClaimAsync(next) : await after.AskAsync(next);
                return result.Value.Outcome == ClaimOutcome.Granted;
            },
            Duration + Soon,
            "a grant after the restart");
        var second = result!.Value.Token;
        Assert.True(second > first, $"{second} after {first}");
    }
}
