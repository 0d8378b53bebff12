using System.Diagnostics;
using System.Globalization;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Scenarios;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// The side of a contention run that contends: some workers on one connection. Says <c>ready</c>, is told <c>run START END FILE</c> (moments of the monotonic clock, between which it counts
/// what it uses) once a slice, writes all acquisitions to the file and says <c>done PROCESSOR BYTES</c>.
/// </summary>
internal static class Contestant
{
    public const string Role = "contestant";

    /// <summary>Workers go on for so long after the end, so that what is counted at the end is counted under load.</summary>
    private static readonly TimeSpan Tail = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync()
    {
        var order = Participant.ReadOrder<Order>();
        await using var client = await Implementation.ConnectAsync(order.Client);
        await WarmUpAsync(client, order.FirstWorker);
        Participant.Say("ready");
        while (Console.ReadLine()?.Split(' ', 4) is ["run", var start, var end, var file])
        {
            await RunSliceAsync(client, order, long.Parse(start, CultureInfo.InvariantCulture), long.Parse(end, CultureInfo.InvariantCulture), file);
        }
    }

    private static async Task RunSliceAsync(ILockClient client, Order order, long start, long end, string file)
    {
        using var giveUp = new CancellationTokenSource(Until(end) + Tail);
        var until = end + (long)(Tail.TotalSeconds * Stopwatch.Frequency);

        // Another one each slice, the same for all processes: what an earlier slice left behind is nobody's hindrance.
        var resource = string.Create(CultureInfo.InvariantCulture, $"benchmark/contended/{start}");
        var work = Enumerable.Range(0, order.Workers)
            .Select(worker => Task.Run(() => WorkAsync(client, resource, order, worker, until, giveUp.Token)))
            .ToList();
        await Task.Delay(Until(start));
        var (processor, bytes) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
        await Task.Delay(Until(end));
        (processor, bytes) = (Environment.CpuUsage.TotalTime - processor, GC.GetTotalAllocatedBytes() - bytes);
        var acquisitions = (await Task.WhenAll(work)).SelectMany(static list => list);
        using (var writer = new BinaryWriter(File.Create(file)))
        {
            foreach (var acquisition in acquisitions)
            {
                acquisition.Write(writer);
            }
        }

        Participant.Say("done", processor.Ticks, bytes);
    }

    /// <summary>One worker: acquires, holds, releases, until the time is up.</summary>
    private static async Task<List<Acquisition>> WorkAsync(
        ILockClient client, string resource, Order order, int number, long until, CancellationToken giveUp)
    {
        var settings = order.Contention;
        var worker = order.FirstWorker + number;
        var random = new Random(worker);
        var acquisitions = new List<Acquisition>(4096);
        var interval = settings.RatePerSecond > 0 ? (long)(Stopwatch.Frequency * settings.Workers / settings.RatePerSecond) : 0;
        var due = Stopwatch.GetTimestamp() + (interval * worker / settings.Workers);
        while (true)
        {
            // At a rate, one that is late is counted from when it was due: otherwise who waits long would be counted seldom.
            if (interval > 0 && due > Stopwatch.GetTimestamp())
            {
                await Task.Delay(Until(due), CancellationToken.None);
            }

            var asked = interval > 0 ? due : Stopwatch.GetTimestamp();
            if (asked >= until || giveUp.IsCancellationRequested)
            {
                return acquisitions;
            }

            var mode = ModeOf(settings, random);
            try
            {
                var held = await client.AcquireAsync(resource, mode, giveUp);
                var entered = Stopwatch.GetTimestamp();
                Hold.Spin(settings.HoldMilliseconds);
                acquisitions.Add(new Acquisition(worker, mode, asked, entered, Stopwatch.GetTimestamp()));
                await held.DisposeAsync();
            }
            catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
            {
                acquisitions.Add(new Acquisition(worker, mode, asked, Entered: 0, Left: Stopwatch.GetTimestamp()));
                return acquisitions;
            }

            if (settings.PauseMilliseconds > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(settings.PauseMilliseconds), CancellationToken.None);
            }

            due += interval;
        }
    }

    private static ClaimMode ModeOf(ContentionSettings settings, Random random) => settings.Primitive switch
    {
        Primitive.Semaphore => ClaimMode.Counted,
        Primitive.ReaderWriterLock when random.NextDouble() < settings.ReadShare => ClaimMode.Shared,
        _ => ClaimMode.Exclusive,
    };

    private static TimeSpan Until(long moment) =>
        moment > Stopwatch.GetTimestamp() ? Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), moment) : TimeSpan.Zero;

    /// <summary>Alone, so that the run does not measure the compiler; for long enough that it compiles again what runs often.</summary>
    private static async Task WarmUpAsync(ILockClient client, int firstWorker)
    {
        for (var i = 0; i < 300; i++)
        {
            await using var held = await client.AcquireAsync($"benchmark/warm-up/{firstWorker}", ClaimMode.Exclusive, CancellationToken.None);
        }
    }

    /// <summary>What it is told.</summary>
    /// <param name="Client">With what.</param>
    /// <param name="Contention">How.</param>
    /// <param name="Workers">How many workers here.</param>
    /// <param name="FirstWorker">The number of the first.</param>
    public sealed record Order(ClientSettings Client, ContentionSettings Contention, int Workers, int FirstWorker);
}
