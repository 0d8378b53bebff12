namespace Coordination.Conformance;

/// <summary>G8, and the kill cases of G2: a killed process's claims are gone within its duration, and the next waiter has its turn then.</summary>
[Trait("Guarantee", "G8")]
[Trait("Guarantee", "G2")]
public abstract class CrashSuite(BackendFixture fixture) : WorkerSuite(fixture)
{
    [CaseTable]
    [InlineData(Primitive.Lock)]
    [InlineData(Primitive.WriteLock)]
    [InlineData(Primitive.Semaphore)]
    [InlineData(Primitive.Election)]
    [InlineData(Primitive.HandRenewed)]
    public async Task A_killed_holder_is_succeeded_within_its_duration(Primitive primitive)
    {
        var workers = await WorkersAsync(2);
        var observer = await ClientAsync();
        var name = NewName();
        var first = await HoldAsync(workers[0], Primitives.Rival(primitive), name);
        await QueueUpAsync(workers[1], primitive, name, observer, 1);
        await workers[0].KillAsync();
        var killed = Time.Now;
        var (second, at) = await HeldAsync(workers[1], Takeover);
        Assert.True(Time.Provider.GetElapsedTime(killed, at) <= Takeover);
        Assert.True(primitive == Primitive.Semaphore || second > first, $"{second} after {first}");
    }

    [Case]
    public async Task A_killed_waiter_is_gone_and_promotes_nobody()
    {
        var workers = await WorkersAsync(2);
        var observer = await ClientAsync(Lasting(5));
        var name = NewName();
        var held = await AtOnceAsync(observer.Coordinator.AcquireAsync(Primitive.Lock, name));
        await QueueUpAsync(workers[0], Primitive.Lock, name, observer, 1);
        await QueueUpAsync(workers[1], Primitive.Lock, name, observer, 2);
        await workers[0].KillAsync();
        await Time.UntilAsync(
            async () => (await observer.Coordinator.InspectAsync(name, Cancellation)).Waiters.Count == 1, Takeover, "the dead waiter is gone");
        Assert.Equal(LeaseState.Held, held.State);
        await AtOnceAsync(held.ReleaseAsync());
        await HeldAsync(workers[1], Soon);
    }

    [Case]
    public async Task All_that_a_killed_process_held_is_free_and_its_places_in_queues_are_given_up()
    {
        var workers = await WorkersAsync(1);
        var observer = await ClientAsync();
        var names = Enumerable.Range(0, 5).Select(_ => NewName()).ToArray();
        Primitive[] kinds = [Primitive.Lock, Primitive.ReadLock, Primitive.Semaphore, Primitive.Election, Primitive.HandRenewed];
        foreach (var (name, kind) in names.Zip(kinds))
        {
            await HoldAsync(workers[0], kind, name);
        }

        await workers[0].KillAsync();
        var killed = Time.Now;
        foreach (var name in names)
        {
            var left = Takeover - Time.Since(killed);
            await EmptyAsync(observer, name, left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    [Case]
    public async Task A_killed_holders_token_is_refused_once_the_next_has_written()
    {
        var workers = await WorkersAsync(2);
        var observer = await ClientAsync();
        var name = NewName();
        var register = new FencedRegister();
        var first = await HoldAsync(workers[0], Primitive.Lock, name);
        Assert.True(register.TryWrite(first, "first"));
        await QueueUpAsync(workers[1], Primitive.Lock, name, observer, 1);
        await workers[0].KillAsync();
        var (second, _) = await HeldAsync(workers[1], Takeover);
        Assert.True(register.TryWrite(second, "second"));
        Assert.False(register.TryWrite(first, "a write of the killed process that was still on its way"));
        Assert.Equal("second", register.Value);
    }

    [Case]
    public async Task A_paused_holder_wakes_to_find_its_lease_lost_and_its_write_refused()
    {
        var workers = await WorkersAsync(2);
        var observer = await ClientAsync();
        var name = NewName();
        var register = new FencedRegister();
        var stale = await HoldAsync(workers[0], Primitive.Lock, name);
        Assert.True(register.TryWrite(stale, "first"));
        await QueueUpAsync(workers[1], Primitive.Lock, name, observer, 1);
        await workers[0].PauseAsync();
        var (current, _) = await HeldAsync(workers[1], Takeover);
        Assert.True(register.TryWrite(current, "second"));
        await workers[0].ResumeAsync();

        // It asks its lease first thing: the state looks at the clock and does not wait for a timer.
        await workers[0].SendAsync($"state {name}");
        var words = await OneOfAsync("state", "lost");
        if (words[0] == "lost")
        {
            words = await OneOfAsync("state");
        }

        Assert.Equal("Lost", words[2]);
        Assert.False(register.TryWrite(stale, "stale"));
        await workers[1].SendAsync($"state {name}");
        Assert.Equal("Held", (await EventAsync(workers[1], "state", Patience))[2]);

        async Task<string[]> OneOfAsync(params string[] expected)
        {
            var line = await Time.WithinAsync(workers[0].ReadLineAsync(Cancellation).AsTask(), Patience, "an event");
            var words = line?.Split(' ') ?? [""];
            Assert.Contains(words[0], expected);
            return words;
        }
    }
}
