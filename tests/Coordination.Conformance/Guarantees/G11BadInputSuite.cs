namespace Coordination.Conformance;

/// <summary>G11: bad input is refused at the call, by parameter name, before anything is sent; every other name works and collides with none.</summary>
[Trait("Guarantee", "G11")]
public abstract class BadInputSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    public static TheoryData<string> BadNames =>
    [
        "", "\0", "a\0b", "a\nb", "a\rb", "a\tb", "\u0001", "\u001F", "\u007F", "\u0085", "\u009F",
        new string('x', 513), new string('é', 257), string.Concat(Enumerable.Repeat("🔒", 129)),
        "\uD83D", "a\uDD12b", // half of a pair: no Unicode text, and no UTF-8 for it
    ];

    [CaseTable]
    [MemberData(nameof(BadNames))]
    public async Task A_bad_name_is_refused_everywhere(string name)
    {
        var client = await ClientAsync();
        var coordinator = client.Coordinator;
        Assert.All(
            new Action[]
            {
                () => coordinator.CreateLock(name),
                () => coordinator.CreateReaderWriterLock(name),
                () => coordinator.CreateSemaphore(name, 1),
                () => coordinator.CreateLeaderElection(name),
            },
            create => Assert.Equal("name", Assert.ThrowsAny<ArgumentException>(create).ParamName));
        Assert.Equal("name", (await Assert.ThrowsAnyAsync<ArgumentException>(() => coordinator.InspectAsync(name).AsTask())).ParamName);
        AssertNothingSent(client);
    }

    [Case]
    public async Task Null_is_refused_everywhere()
    {
        var client = await ClientAsync();
        var coordinator = client.Coordinator;
        Assert.All(
            new Action[]
            {
                () => coordinator.CreateLock(null!),
                () => coordinator.CreateReaderWriterLock(null!),
                () => coordinator.CreateSemaphore(null!, 1),
                () => coordinator.CreateLeaderElection(null!),
            },
            create => Assert.Equal("name", Assert.Throws<ArgumentNullException>(create).ParamName));
        await RefusedAsync<ArgumentNullException>("name", () => coordinator.InspectAsync(null!).AsTask());
        await RefusedAsync<ArgumentNullException>("ticket", () => coordinator.CreateLock("x").AttachAsync(null!).AsTask());
        await RefusedAsync<ArgumentNullException>("ticket", () => coordinator.CreateLeaderElection("x").AttachAsync(null!).AsTask());
        await RefusedAsync<ArgumentNullException>("value", () => coordinator.CreateLeaderElection("x").CampaignAsync(null!).AsTask());
        AssertNothingSent(client);
    }

    [CaseTable]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public async Task A_semaphore_has_at_least_one_permit(int maxCount)
    {
        var client = await ClientAsync();
        var refusal = Assert.Throws<ArgumentOutOfRangeException>(() => client.Coordinator.CreateSemaphore(NewName(), maxCount));
        Assert.Equal("maxCount", refusal.ParamName);
    }

    [Case]
    public async Task A_semaphore_may_have_as_many_permits_as_an_int_can_say()
    {
        var client = await ClientAsync();
        var semaphore = client.Coordinator.CreateSemaphore(NewName(), int.MaxValue);
        Assert.Equal(int.MaxValue, semaphore.MaxCount);
        await AtOnceAsync((await AtOnceAsync(semaphore.AcquireAsync())).ReleaseAsync());
    }

    [CaseTable]
    [InlineData(-2L)]
    [InlineData(-10_000_000L)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(25L * 24 * 3600 * 10_000_000)]
    public async Task A_time_out_out_of_range_is_refused(long ticks)
    {
        var client = await ClientAsync();
        var timeout = TimeSpan.FromTicks(ticks);
        var pair = client.Coordinator.CreateReaderWriterLock(NewName());
        await RefusedAsync<ArgumentOutOfRangeException>("timeout", () => client.Coordinator.CreateLock("x").TryAcquireAsync(timeout).AsTask());
        await RefusedAsync<ArgumentOutOfRangeException>("timeout", () => pair.ReadLock.TryAcquireAsync(timeout).AsTask());
        await RefusedAsync<ArgumentOutOfRangeException>("timeout", () => pair.WriteLock.TryAcquireAsync(timeout).AsTask());
        await RefusedAsync<ArgumentOutOfRangeException>("timeout", () => client.Coordinator.CreateSemaphore("x", 1).TryAcquireAsync(timeout).AsTask());
        AssertNothingSent(client);
    }

    [Case]
    public async Task A_time_out_of_24_days_is_accepted()
    {
        var client = await ClientAsync();
        var distributedLock = client.Coordinator.CreateLock(NewName());
        var lease = await AtOnceAsync(distributedLock.TryAcquireAsync(TimeSpan.FromDays(24)));
        await AtOnceAsync(lease!.ReleaseAsync());
    }

    [Case]
    public async Task Lease_options_out_of_range_are_refused()
    {
        var client = await ClientAsync();
        var minimum = client.Faults.Description.MinDuration;
        var maximum = client.Faults.Description.MaxDuration;
        var longestMargin = client.ProvesPreviousRequest ? Duration / 4 : Duration / 2;
        LeaseOptions[] bad =
        [
            new() { Duration = TimeSpan.Zero },
            new() { Duration = TimeSpan.FromSeconds(-1) },
            new() { Duration = Timeout.InfiniteTimeSpan },
            new() { Duration = minimum - TimeSpan.FromTicks(1) },
            new() { Duration = maximum + TimeSpan.FromTicks(1) },
            new() { Duration = TimeSpan.FromDays(1) + TimeSpan.FromTicks(1) },
            new() { Duration = TimeSpan.MaxValue },
            new() { SafetyMargin = TimeSpan.FromTicks(-1) },
            new() { Duration = Duration, SafetyMargin = longestMargin + TimeSpan.FromTicks(1) },
            new() { SafetyMargin = TimeSpan.MaxValue },
            new() { Holder = new string('x', 32_769) },
        ];
        Assert.All(bad, options =>
        {
            Assert.StartsWith("options", Assert.ThrowsAny<ArgumentException>(() => client.Coordinator.CreateLock("x", options)).ParamName);
            Assert.ThrowsAny<ArgumentException>(() => client.Coordinator.CreateReaderWriterLock("x", options));
            Assert.ThrowsAny<ArgumentException>(() => client.Coordinator.CreateSemaphore("x", 1, options));
            Assert.ThrowsAny<ArgumentException>(() => client.Coordinator.CreateLeaderElection("x", options));
        });
        LeaseOptions[] good =
        [
            new(),
            new() { Duration = minimum },
            new() { Duration = maximum },
            new() { Duration = Duration, SafetyMargin = longestMargin },
            new() { SafetyMargin = TimeSpan.Zero },
            new() { Holder = new string('x', 32_768) },
            new() { Holder = "" },
        ];
        Assert.All(good, options => client.Coordinator.CreateLock("x", options));
    }

    [Case]
    public async Task The_longest_day_of_a_lease_is_held_and_released()
    {
        var client = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, name, options: new() { Duration = TimeSpan.FromDays(1) }));
        Assert.InRange(lease.Remaining, TimeSpan.FromHours(20), TimeSpan.FromHours(24));
        await AtOnceAsync(lease.ReleaseAsync());
        await EmptyAsync(client, name, Soon);
    }

    [Case]
    public async Task Values_too_long_are_refused()
    {
        var client = await ClientAsync();
        var election = client.Coordinator.CreateLeaderElection(NewName());
        var tooLong = new string('é', 16_385); // 32,770 bytes
        await RefusedAsync<ArgumentException>("value", () => election.CampaignAsync(tooLong).AsTask());
        AssertNothingSent(client);
        var leadership = await AtOnceAsync(election.CampaignAsync(new string('é', 16_384)));
        await RefusedAsync<ArgumentException>("value", () => leadership.ProclaimAsync(tooLong).AsTask());
        await RefusedAsync<ArgumentNullException>("value", () => leadership.ProclaimAsync(null!).AsTask());
        Assert.Equal(LeaseState.Held, leadership.State);
        Assert.Equal(0, client.Faults.Count(Call.SetValue));
        await AtOnceAsync(leadership.ReleaseAsync());
    }

    [CaseTable]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("not a ticket: {}[]/\\%")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task What_is_no_ticket_is_refused(string ticket)
    {
        var client = await ClientAsync();
        await RefusedAsync<ArgumentException>("ticket", () => client.Coordinator.CreateLock(NewName()).AttachAsync(ticket).AsTask());
        await RefusedAsync<ArgumentException>("ticket", () => client.Coordinator.CreateLeaderElection(NewName()).AttachAsync(ticket).AsTask());
    }

    [Case]
    public async Task A_disposed_coordinator_refuses_everything()
    {
        var client = await ClientAsync();
        var coordinator = client.Coordinator;
        var name = NewName();
        var distributedLock = coordinator.CreateLock(name);
        var semaphore = coordinator.CreateSemaphore(name, 1);
        var election = coordinator.CreateLeaderElection(name);
        await AtOnceAsync(coordinator.DisposeAsync());
        Assert.Throws<ObjectDisposedException>(() => coordinator.CreateLock(name));
        Assert.Throws<ObjectDisposedException>(() => coordinator.CreateReaderWriterLock(name));
        Assert.Throws<ObjectDisposedException>(() => coordinator.CreateSemaphore(name, 1));
        Assert.Throws<ObjectDisposedException>(() => coordinator.CreateLeaderElection(name));
        await DisposedAsync(() => coordinator.InspectAsync(name).AsTask());
        await DisposedAsync(() => distributedLock.AcquireAsync().AsTask());
        await DisposedAsync(() => distributedLock.TryAcquireAsync(TimeSpan.Zero).AsTask());
        await DisposedAsync(() => semaphore.AcquireAsync().AsTask());
        await DisposedAsync(() => semaphore.TryAcquireAsync(TimeSpan.Zero).AsTask());
        await DisposedAsync(() => election.CampaignAsync("x").AsTask());
        await DisposedAsync(() => election.GetLeaderAsync().AsTask());
        await DisposedAsync(async () => await election.ObserveAsync().GetAsyncEnumerator().MoveNextAsync());

        async Task DisposedAsync(Func<Task> call) =>
            Assert.IsType<ObjectDisposedException>(await Time.FailureAsync(Task.Run(call), Soon, "the refusal"));
    }

    [Case]
    public async Task Names_that_look_alike_are_different_locks()
    {
        var client = await ClientAsync(Duration * 20);
        var suffix = NewName()[^12..];
        var leases = new List<ILease>();
        foreach (var name in TestNames.Distinct)
        {
            var lease = await AtOnceAsync(client.Coordinator.TryAcquireAsync(Primitive.Lock, name + suffix, TimeSpan.Zero));
            Assert.True(lease is not null, $"'{name}' collides");
            leases.Add(lease);
        }

        foreach (var (name, lease) in TestNames.Distinct.Zip(leases))
        {
            Assert.Equal(name + suffix, lease.Name);
            Assert.Equal(Behind(lease).Claim.Id, Assert.Single((await client.Coordinator.InspectAsync(name + suffix, Cancellation)).Holders).Id);
        }
    }

    [CaseTable]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Any_other_unicode_is_a_name(int seed)
    {
        var client = await ClientAsync(Duration * 20);
        var random = new Random(seed);
        for (var round = 0; round < 50; round++)
        {
            var name = TestNames.Fuzzed(random) + NewName()[^12..];
            var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, name));
            Assert.Null(await AtOnceAsync(client.Coordinator.TryAcquireAsync(Primitive.Lock, name, TimeSpan.Zero)));
            await AtOnceAsync(lease.ReleaseAsync());
        }
    }

    private static void AssertNothingSent(Client client) =>
        Assert.All(Enum.GetValues<Call>(), call => Assert.Equal(0, client.Faults.Count(call)));

    private async Task RefusedAsync<T>(string parameter, Func<Task> call)
        where T : ArgumentException
    {
        // At the call: nothing needs time, least of all the server's.
        var failure = await Time.FailureAsync(Task.Run(call), Soon, "the refusal");
        Assert.Equal(parameter, Assert.IsAssignableFrom<T>(failure).ParamName);
    }
}
