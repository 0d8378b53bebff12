using System.Diagnostics;
using Coordination.Backends;
using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>Rule 20, by the library's own way, on real servers and with short leases.</summary>
public sealed class AdmissionTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_set_admits_itself()
    {
        await using var servers = await RedlockServers.StartAsync(3);
        await using var coordinator = new Coordinator(Backend(servers), new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(2), OperationTimeout = TimeSpan.FromSeconds(30) });
        await using var lease = await coordinator.CreateLock("lock").AcquireAsync(Cancellation);

        // Ahead of every clock: whatever was granted before the servers were new is smaller.
        Assert.True(lease.FencingToken.Value > await ClockAsync(servers) + (RedlockTokens.Bound / 4));
    }

    [Fact]
    public async Task One_who_only_looks_admits_a_new_set_too()
    {
        await using var servers = await RedlockServers.StartAsync(3);
        await using var backend = Backend(servers);
        await Task.Delay(Longest + TimeSpan.FromSeconds(2), Cancellation);
        Assert.Empty((await backend.InspectAsync("lock", holdersOnly: false, Cancellation)).Holders);
    }

    [Fact]
    public async Task Nothing_is_granted_by_masters_that_nobody_admitted_and_the_error_says_so()
    {
        await using var servers = await RedlockServers.StartAsync(3);
        await using var backend = Backend(servers);
        await using var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(1)), new RecordingListener(), Cancellation);
        var fault = await Assert.ThrowsAsync<CoordinationException>(() => session.ClaimAsync(Exclusive("lock", "a"), Cancellation).AsTask());
        Assert.True(fault.IsTransient);
        Assert.Contains("not admitted", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_master_that_lost_its_data_is_kept_out_for_the_longest_lease_and_comes_back_with_what_the_others_know(bool flushed)
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(3);
        await AgeAsync(servers);
        await using var backend = Backend(servers);
        var listener = new RecordingListener();
        await using var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(2)), listener, Cancellation);
        var before = await session.ClaimAsync(Exclusive("lock", "a"), Cancellation);
        Assert.Equal(ClaimOutcome.Granted, before.Outcome);
        if (flushed)
        {
            await servers.FlushAsync(0);
        }
        else
        {
            await servers.All[0].KillAsync();
            await servers.RestartAsync(0);
        }

        var lost = Stopwatch.GetTimestamp();
        TimeSpan? next;
        while (!await servers.IsAdmittedAsync(0))
        {
            Assert.True(Stopwatch.GetElapsedTime(lost) < TimeSpan.FromSeconds(40), "It was not admitted within 40 seconds.");
            next = await backend.MaintainAsync(Cancellation);
            await Task.Delay(next < TimeSpan.FromMilliseconds(300) ? next.Value : TimeSpan.FromMilliseconds(300), Cancellation);
        }

        Assert.True(Stopwatch.GetElapsedTime(lost) >= Longest - TimeSpan.FromMilliseconds(100), $"{Stopwatch.GetElapsedTime(lost)}");
        var floor = long.Parse((string)(await (await servers.DatabaseAsync(0)).HashGetAsync("coordination:redlock", "floor"))!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(floor >= before.Token.Value, $"{floor} after {before.Token}");
    }

    [Fact]
    public async Task A_master_that_is_lost_while_another_is_kept_out_waits_for_itself()
    {
        // Five masters: three that remember are enough to admit the first while the second is out. It must not vouch for the second, which has forgotten since.
        await using var servers = await RedlockServers.StartAdmittedAsync(5);
        await AgeAsync(servers);
        await using var backend = Backend(servers);
        await using var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(2)), new RecordingListener(), Cancellation);
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(Exclusive("lock", "a"), Cancellation)).Outcome);
        await servers.FlushAsync(0);
        await backend.MaintainAsync(Cancellation);
        await Task.Delay(Longest / 2, Cancellation);
        var lost = Stopwatch.GetTimestamp();
        await servers.FlushAsync(3);
        while (!await servers.IsAdmittedAsync(3))
        {
            Assert.True(Stopwatch.GetElapsedTime(lost) < TimeSpan.FromSeconds(40), "It was not admitted within 40 seconds.");
            var next = await backend.MaintainAsync(Cancellation);
            await Task.Delay(next < TimeSpan.FromMilliseconds(300) ? next.Value : TimeSpan.FromMilliseconds(300), Cancellation);
        }

        Assert.True(Stopwatch.GetElapsedTime(lost) >= Longest - TimeSpan.FromMilliseconds(100), $"Admitted after {Stopwatch.GetElapsedTime(lost)}.");
        Assert.True(await servers.IsAdmittedAsync(0));
    }

    [Fact]
    public async Task With_too_few_that_remember_nothing_is_admitted_and_the_error_says_what_to_do()
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(3);
        await AgeAsync(servers);
        await using var backend = Backend(servers);
        await using var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(1)), new RecordingListener(), Cancellation);
        await session.ClaimAsync(Exclusive("lock", "a"), Cancellation);
        await servers.FlushAsync(0);
        await servers.FlushAsync(1);
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Longest + TimeSpan.FromSeconds(2))
        {
            await backend.MaintainAsync(Cancellation);
            await Task.Delay(200, Cancellation);
        }

        // It is said when they have been kept out for the longest lease, and it was looked at them since.
        CoordinationException fault;
        for (var attempt = 0; ; attempt++)
        {
            fault = await Assert.ThrowsAsync<CoordinationException>(() => session.ClaimAsync(Exclusive("lock", $"b{attempt}"), Cancellation).AsTask());
            if (fault.Message.Contains("stop all clients", StringComparison.Ordinal) || Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(40))
            {
                break;
            }

            await backend.MaintainAsync(Cancellation);
            await Task.Delay(200, Cancellation);
        }

        Assert.Contains("stop all clients", fault.Message, StringComparison.Ordinal);
        Assert.False(await servers.IsAdmittedAsync(0));
    }

    [Fact]
    public async Task Rule_20_the_masters_go_by_the_longest_lease_that_anybody_named()
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(3);
        await using var backend = Backend(servers);

        // Those who admitted them use leases of a day: a client of three seconds waits for these.
        await servers.FlushAsync(0);
        await backend.MaintainAsync(Cancellation);
        await Task.Delay(Longest + TimeSpan.FromSeconds(1), Cancellation);
        await backend.MaintainAsync(Cancellation);
        Assert.False(await servers.IsAdmittedAsync(0));
    }

    [Fact]
    public async Task A_lease_longer_than_the_longest_is_refused()
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(3);
        await using var backend = Backend(servers);
        var fault = await Assert.ThrowsAsync<CoordinationException>(() =>
            backend.OpenSessionAsync(new SessionRequest(Longest * 2), new RecordingListener(), Cancellation).AsTask());
        Assert.False(fault.IsTransient);
        Assert.Contains("LongestDuration", fault.Message, StringComparison.Ordinal);
    }

    private static ClaimRequest Exclusive(string name, string id) => new(new ClaimKey(name, id), ClaimMode.Exclusive, 1, "");

    private static RedlockBackend Backend(RedlockServers servers)
    {
        var options = servers.Options(TimeSpan.FromSeconds(5));
        options.LongestDuration = Longest;
        return RedlockBackend.Create(options);
    }

    // Those who admitted them by hand named a day.
    private static async Task AgeAsync(RedlockServers servers)
    {
        for (var master = 0; master < servers.All.Count; master++)
        {
            await (await servers.DatabaseAsync(master)).HashSetAsync("coordination:redlock", "longest", "1");
        }
    }

    private static async Task<long> ClockAsync(RedlockServers servers) =>
        new DateTimeOffset(await (await servers.AdminAsync(0)).GetServer(servers.All[0].EndPoint).TimeAsync()).ToUnixTimeMilliseconds() * 1000;
}
