using System.Globalization;

namespace Coordination.Conformance;

/// <summary>What the suites with several processes have.</summary>
public abstract class WorkerSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    /// <summary>How long an event of a worker may take for which nothing must expire: a process starts in this time, too.</summary>
    protected TimeSpan Patience => Time.IsFake ? TimeSpan.FromSeconds(10) : TimeSpan.FromSeconds(30);

    /// <summary>Starts processes.</summary>
    /// <param name="count">How many.</param>
    /// <param name="duration">Of their leases; the server's unit by default.</param>
    protected async Task<Worker[]> WorkersAsync(int count, TimeSpan? duration = null)
    {
        var workers = new Worker[count];
        for (var index = 0; index < count; index++)
        {
            workers[index] = CleanUp(await Server.StartWorkerAsync(duration ?? Duration));
        }

        foreach (var worker in workers)
        {
            await EventAsync(worker, "ready", Patience);
        }

        return workers;
    }

    /// <summary>The next event of a worker, which must be this one.</summary>
    protected async Task<string[]> EventAsync(Worker worker, string name, TimeSpan within)
    {
        var line = await Time.WithinAsync(worker.ReadLineAsync(Cancellation).AsTask(), within, $"'{name}' of a worker");
        Assert.True(line?.Split(' ')[0] == name, $"'{name}' was expected of a worker, which said '{line}'");
        return line!.Split(' ');
    }

    /// <summary>Lets a worker hold.</summary>
    protected async Task<FencingToken> HoldAsync(Worker worker, Primitive primitive, string name)
    {
        await worker.SendAsync($"hold {primitive} {name}");
        await EventAsync(worker, "waiting", Patience);
        return (await HeldAsync(worker, Patience)).Token;
    }

    /// <summary>Lets a worker queue up.</summary>
    protected async Task QueueUpAsync(Worker worker, Primitive primitive, string name, Client observer, int waiters)
    {
        await worker.SendAsync($"hold {primitive} {name}");
        await EventAsync(worker, "waiting", Patience);
        await WaitersAsync(observer, name, waiters);
    }

    protected async Task<(FencingToken Token, long At)> HeldAsync(Worker worker, TimeSpan within)
    {
        var held = await EventAsync(worker, "held", within);
        return (new FencingToken(Number(held[2])), Number(held[3]));
    }

    protected static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);
}
