using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Scenarios;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// The side of a contention run that contends: some workers on one connection. Says <c>ready</c>; is told <c>run SLICE FILE</c> once a slice, then <c>measure</c> and <c>stop</c>, between which it counts
/// what it uses; writes all acquisitions to the file and says <c>done PROCESSOR BYTES</c>.
/// </summary>
internal static class Contestant
{
    public const string Role = "contestant";

    public static async Task RunAsync()
    {
        var order = Participant.ReadOrder<Order>();
        await using var client = await Implementation.ConnectAsync(order.Client);
        await WarmUpAsync(client, order.FirstWorker);
        Participant.Say("ready");
        while ((await Participant.ListenAsync())?.Split(' ', 3) is ["run", var slice, var file])
        {
            // Another one each slice, the same for all processes: what an earlier slice left behind is nobody's hindrance.
            await RunSliceAsync(client, order, $"benchmark/contended/{slice}", file);
        }
    }

    private static async Task RunSliceAsync(ILockClient client, Order order, string resource, string file)
    {
        using var stop = new CancellationTokenSource();
        var work = Enumerable.Range(order.FirstWorker, order.Workers)
            .Select(worker => Task.Run(() => WorkAsync(client, resource, order.Contention, worker, stop.Token)))
            .ToList();
        await Participant.ListenAsync();
        var (processor, bytes) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
        await Participant.ListenAsync();
        (processor, bytes) = (Environment.CpuUsage.TotalTime - processor, GC.GetTotalAllocatedBytes() - bytes);
        var stopped = Stopwatch.GetTimestamp();
        await stop.CancelAsync();
        var acquisitions = (await Task.WhenAll(work)).SelectMany(static list => list).Select(one => GivenUp(one, stopped));
        using (var writer = new BinaryWriter(File.Create(file)))
        {
            foreach (var acquisition in acquisitions)
            {
                acquisition.Write(writer);
            }
        }

        Participant.Say("done", processor.Ticks, bytes);
    }

    // Who waited at the end gave up then, however long the library took to let go.
    private static Acquisition GivenUp(Acquisition one, long stopped) => one.IsServed || one.Left <= stopped ? one : one with { Left = stopped };

    /// <summary>One worker: acquires, holds, releases, until it is stopped.</summary>
    private static async Task<List<Acquisition>> WorkAsync(ILockClient client, string resource, ContentionSettings settings, int worker, CancellationToken stop)
    {
        var random = new Random(worker);
        var acquisitions = new List<Acquisition>(4096);
        var interval = settings.RatePerSecond > 0 ? (long)(Stopwatch.Frequency * settings.Workers / settings.RatePerSecond) : 0;
        var due = Stopwatch.GetTimestamp() + (interval * worker / settings.Workers);
        while (true)
        {
            // At a rate, one that is late is counted from when it was due: otherwise who waits long would be counted seldom.
            if (interval > 0 && due > Stopwatch.GetTimestamp())
            {
                await PauseAsync(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due), stop);
            }

            if (stop.IsCancellationRequested)
            {
                return acquisitions;
            }

            var asked = interval > 0 ? due : Stopwatch.GetTimestamp();
            var mode = ModeOf(settings, random);
            try
            {
                var held = await client.AcquireAsync(resource, mode, stop);
                var entered = Stopwatch.GetTimestamp();
                Hold.Spin(settings.HoldMilliseconds);
                acquisitions.Add(new Acquisition(worker, mode, asked, entered, Stopwatch.GetTimestamp()));
                await held.DisposeAsync();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                acquisitions.Add(new Acquisition(worker, mode, asked, Entered: 0, Left: Stopwatch.GetTimestamp()));
                return acquisitions;
            }

            if (settings.PauseMilliseconds > 0)
            {
                await PauseAsync(TimeSpan.FromMilliseconds(settings.PauseMilliseconds), stop);
            }

            due += interval;
        }
    }

    private static async Task PauseAsync(TimeSpan time, CancellationToken stop)
    {
        if (time > TimeSpan.Zero)
        {
            await Task.Delay(time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static ClaimMode ModeOf(ContentionSettings settings, Random random) => settings.Primitive switch
    {
        Primitive.Semaphore => ClaimMode.Counted,
        Primitive.ReaderWriterLock when random.NextDouble() < settings.ReadShare => ClaimMode.Shared,
        _ => ClaimMode.Exclusive,
    };

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
