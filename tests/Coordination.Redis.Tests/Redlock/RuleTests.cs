using Coordination.Backends;
using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>Rules of the algorithm that a case on real masters shows. The others are in MasterFaultTests, AdmissionTests and ScheduleTests.</summary>
public sealed class RuleTests : IAsyncLifetime
{
    private RedlockServers? _servers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _servers = await RedlockServers.StartAdmittedAsync(3);

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }

    [Fact]
    public async Task Rule_12_a_late_release_of_one_attempt_does_not_free_another()
    {
        await using var backend = Patiently();
        await using var session = await OpenAsync(backend);
        var claim = new ClaimRequest(new ClaimKey("lock", "id"), ClaimMode.Exclusive, 1, "");
        var granted = await session.ClaimAsync(claim, Cancellation);
        Assert.Equal(ClaimOutcome.Granted, granted.Outcome);

        // The second attempt of the same claim holds; then the release of the first arrives.
        var late = backend.Arguments("lock", "id", 0, granted.Token.Value - 1, 2000, 0, 0, 0, 5, 0, "- 0", "");
        for (var master = 0; master < 3; master++)
        {
            await backend.CallAsync(master, RedlockScripts.Forfeit, late, "release", "lock", Cancellation);
        }

        Assert.Equal(granted.Token, (await session.ClaimAsync(claim, Cancellation)).Token);
    }

    [Fact]
    public async Task Rule_16_a_client_whose_proposals_are_behind_is_not_starved()
    {
        await using var fast = Patiently();
        await using var slow = Patiently();
        await using var ahead = await OpenAsync(fast);
        await using var behind = await OpenAsync(slow);
        for (var round = 0; round < 20; round++)
        {
            // Another has lifted the registers by some seconds.
            fast.Tokens.Saw(fast.Tokens.Propose() + 300_000);
            var first = new ClaimRequest(new ClaimKey("lock", $"a{round}"), ClaimMode.Exclusive, 1, "");
            var second = new ClaimRequest(new ClaimKey("lock", $"b{round}"), ClaimMode.Exclusive, 1, "") { Intent = ClaimIntent.TryOnce };
            var before = await ahead.ClaimAsync(first, Cancellation);
            await ahead.ReleaseAsync(first.Key, Cancellation);
            var after = await behind.ClaimAsync(second, Cancellation);
            Assert.Equal(ClaimOutcome.Granted, after.Outcome);
            Assert.True(after.Token > before.Token);
            await behind.ReleaseAsync(second.Key, Cancellation);
        }
    }

    [Fact]
    public void Rule_16_proposals_go_no_further_ahead_of_the_masters_time_than_the_bound()
    {
        var tokens = new RedlockTokens(TimeProvider.System);
        tokens.Set(1_790_000_000_000_000, TimeProvider.System.GetElapsedTime(0));
        tokens.Saw(1_890_000_000_000_000); // A register three years ahead.
        Assert.InRange(tokens.Propose(), 1_790_000_000_000_000, 1_790_000_000_000_000 + RedlockTokens.Bound);

        // Where it is in the way it is passed, and not kept in mind.
        Assert.Equal(1_890_000_000_000_001, tokens.Propose(1_890_000_000_000_000));
        Assert.InRange(tokens.Propose(), 1_790_000_000_000_000, 1_790_000_000_000_000 + RedlockTokens.Bound);
    }

    [Fact]
    public async Task Rule_18_readers_do_not_starve_a_writer()
    {
        await using var coordinator = new Coordinator(RedlockBackend.Create(_servers!.EndPoints));
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await using var lease = await coordinator.CreateReaderWriterLock("rw").ReadLock.AcquireAsync(Cancellation);
                await Task.Delay(10, Cancellation);
            }
        })).ToArray();
        for (var round = 0; round < 5; round++)
        {
            await using var lease = await coordinator.CreateReaderWriterLock("rw").WriteLock.AcquireAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task Rule_19_permits_never_exceed_the_count_and_all_of_them_are_given()
    {
        await using var coordinator = new Coordinator(RedlockBackend.Create(_servers!.EndPoints));
        var semaphore = coordinator.CreateSemaphore("permits", 3);
        var permits = new List<ILease>();
        for (var i = 0; i < 3; i++)
        {
            permits.Add(await semaphore.AcquireAsync(Cancellation));
        }

        Assert.Null(await semaphore.TryAcquireAsync(TimeSpan.Zero, Cancellation));
        await permits[1].ReleaseAsync(Cancellation);
        await using var again = await semaphore.AcquireAsync(Cancellation);
        Assert.Equal(3, (await coordinator.InspectAsync("permits", Cancellation)).Holders.Count);
        await permits[0].DisposeAsync();
        await permits[2].DisposeAsync();
    }

    [Fact]
    public async Task Rule_19_another_kind_is_refused_while_any_claim_lives_and_taken_afterwards()
    {
        await using var coordinator = new Coordinator(RedlockBackend.Create(_servers!.EndPoints));
        var permit = await coordinator.CreateSemaphore("name", 3).AcquireAsync(Cancellation);
        var fault = await Assert.ThrowsAsync<CoordinationException>(() => coordinator.CreateLock("name").AcquireAsync(Cancellation).AsTask());
        Assert.False(fault.IsTransient);
        Assert.Contains("a semaphore of 3", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CoordinationException>(() => coordinator.CreateSemaphore("name", 2).AcquireAsync(Cancellation).AsTask());
        await permit.ReleaseAsync(Cancellation);
        await using var held = await coordinator.CreateLock("name").AcquireAsync(Cancellation);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void An_even_number_of_masters_or_too_few_are_refused(int count)
    {
        var refusal = Assert.Throws<ArgumentException>(() => RedlockBackend.Create([.. Enumerable.Range(1, count).Select(static number => $"redis{number}:6379")]));
        Assert.Contains("odd number", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => RedlockBackend.Create("redis1:6379", "redis2:6379", "redis1:6379"));
    }

    [Fact]
    public async Task A_lease_longer_than_the_longest_is_refused_before_anything_is_sent()
    {
        // Nobody is there.
        var options = new RedlockBackendOptions { LongestDuration = TimeSpan.FromSeconds(40), Masters = { "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3" } };
        await using var coordinator = new Coordinator(RedlockBackend.Create(options));
        var longer = new LeaseOptions { Duration = TimeSpan.FromSeconds(40.1) };

        var refusal = Assert.Throws<ArgumentOutOfRangeException>("options.Duration", () => coordinator.CreateLock("name", longer));
        Assert.Contains("00:00:40 (the maximum of Redlock", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>("options.Duration", () => coordinator.CreateLeaderElection("name", longer));
        Assert.NotNull(coordinator.CreateLock("name", new LeaseOptions { Duration = TimeSpan.FromSeconds(40) }));

        var settings = Assert.Throws<ArgumentException>(() => new Coordinator(RedlockBackend.Create(options), new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(41) }));
        Assert.Contains(nameof(CoordinatorOptions.LeaseDuration), settings.Message, StringComparison.Ordinal);
    }

    // For what no engine asks again.
    private RedlockBackend Patiently() => RedlockBackend.Create(_servers!.Options(TimeSpan.FromSeconds(5)));

    private static async Task<IBackendSession> OpenAsync(RedlockBackend backend) =>
        await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(20)), new RecordingListener(), Cancellation);
}
