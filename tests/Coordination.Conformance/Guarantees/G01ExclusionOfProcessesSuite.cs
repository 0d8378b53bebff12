namespace Coordination.Conformance;

/// <summary>G1 with real processes: every enter and exit is recorded on the machine's monotonic clock and checked afterwards.</summary>
[Trait("Guarantee", "G1")]
public abstract class ExclusionOfProcessesSuite(BackendFixture fixture) : WorkerSuite(fixture)
{
    [CaseTable]
    [InlineData(Primitive.Lock, 1)]
    [InlineData(Primitive.Election, 1)]
    [InlineData(Primitive.Semaphore, 2)]
    public async Task Processes_never_hold_together(Primitive primitive, int maxCount)
    {
        // Nothing has to end here: the leases are long enough for a machine that starts three processes and does other things too.
        var workers = await WorkersAsync(3, Duration * 4);
        var name = NewName();
        foreach (var worker in workers)
        {
            await worker.SendAsync($"contend {primitive} {name} {maxCount} 40 2");
        }

        var overlap = new Overlap(Time.Provider);
        await Task.WhenAll(workers.Select((worker, number) => ReadVisitsAsync(worker, number, overlap, expected: 40)));
        overlap.AssertAtMost(maxCount);
        Assert.Equal(3 * 40, overlap.Count);
    }

    [Case]
    public async Task Processes_that_are_paused_and_killed_do_not_let_two_in()
    {
        var workers = await WorkersAsync(4);
        var name = NewName();
        foreach (var worker in workers)
        {
            await worker.SendAsync($"contend {Primitive.Lock} {name} 1 30 5");
        }

        // What the killed one says no more does not count; what the paused one did while its lease was lost does not either.
        var overlap = new Overlap(Time.Provider);
        var visits = workers.Skip(1).Select((worker, number) => ReadVisitsAsync(worker, number, overlap, expected: null)).ToArray();
        await Time.PassAsync(TimeSpan.FromMilliseconds(60));
        await workers[0].KillAsync();
        await workers[1].PauseAsync();
        await Time.PassAsync(Duration * 2);
        await workers[1].ResumeAsync();
        await Time.WithinAsync(Task.WhenAll(visits), (Takeover * 3) + Patience, "all rounds");
        overlap.AssertAtMost(1);
        Assert.True(overlap.Count >= 30, $"{overlap.Count} visits");
    }

    private async Task ReadVisitsAsync(Worker worker, int number, Overlap overlap, int? expected)
    {
        var visits = 0;
        while (true)
        {
            var line = await Time.WithinAsync(worker.ReadLineAsync(Cancellation).AsTask(), (Takeover * 3) + Patience, "an event of a worker");
            var words = line?.Split(' ') ?? ["done"];
            switch (words[0])
            {
                case "visit":
                    visits++;
                    overlap.Add($"{number}", "holder", Number(words[2]), Number(words[3]));
                    break;
                case "done":
                    Assert.True(expected is null || visits == expected, $"{visits} visits");
                    return;
                default:
                    // A worker that was paused beyond its lease, or its operation timeout, may be told so; it is no failure then, and it contends no more.
                    Assert.True(expected is null, line);
                    return;
            }
        }
    }
}
