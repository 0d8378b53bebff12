using System.Diagnostics;
using System.Globalization;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// The side of a contention run that contends: some workers on one connection, until the time is up. Says <c>ready</c>, is told <c>run END</c>
/// (a moment of the monotonic clock), writes all acquisitions to a file and says <c>done RENEWALS</c>.
/// </summary>
internal static class Contestant
{
    public const string Name = "contestant";

    public const string Resource = "benchmark/contended";

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var endpoint = arguments.Text("--redis")!;
        var contender = Catalog.Find(arguments.Text("--implementation")!);
        var workers = arguments.Integer("--workers", 1, 1, 100_000);
        var firstWorker = arguments.Integer("--first-worker", 0, 0, 100_000);
        var hold = arguments.Number("--hold-ms", 1, 0, 60_000);
        var pause = arguments.Number("--pause-ms", 0, 0, 60_000);
        var file = arguments.Text("--file")!;
        arguments.ThrowIfAnyIsLeft();

        await using var connection = await RedisTarget.ConnectAsync(endpoint);
        await using var client = contender.Create(connection);
        await WarmUpAsync(client, firstWorker);
        Console.WriteLine("ready");
        var run = (Console.ReadLine() ?? "").Split(' ');
        if (run is not ["run", var end])
        {
            return 0;
        }

        var until = long.Parse(end, CultureInfo.InvariantCulture);
        var work = Enumerable.Range(firstWorker, workers).Select(worker => Task.Run(() => WorkAsync(client, Resource, worker, until, hold, pause)));
        Write(file, (await Task.WhenAll(work)).SelectMany(static a => a));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done {client.Renewals}"));
        Console.ReadLine();
        return 0;
    }

    /// <summary>One worker: acquires, holds, releases, until the time is up.</summary>
    public static async Task<List<Acquisition>> WorkAsync(ILockClient client, string resource, int worker, long until, double hold, double pause)
    {
        var acquisitions = new List<Acquisition>(4096);
        while (Stopwatch.GetTimestamp() is var asked && asked < until)
        {
            var held = await client.AcquireAsync(resource);
            var entered = Stopwatch.GetTimestamp();
            Hold.Spin(hold);
            acquisitions.Add(new Acquisition(worker, asked, entered, Stopwatch.GetTimestamp()));
            await held.DisposeAsync();
            if (pause > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(pause));
            }
        }

        return acquisitions;
    }

    /// <summary>Alone, so that the run does not measure the compiler; it takes its time when the machine is busy.</summary>
    private static async Task WarmUpAsync(ILockClient client, int firstWorker)
    {
        for (var i = 0; i < 500; i++)
        {
            await using var held = await client.AcquireAsync($"{Resource}/warm-up/{firstWorker}");
        }
    }

    private static void Write(string file, IEnumerable<Acquisition> acquisitions)
    {
        using var writer = new BinaryWriter(File.Create(file));
        foreach (var acquisition in acquisitions)
        {
            acquisition.Write(writer);
        }
    }
}
