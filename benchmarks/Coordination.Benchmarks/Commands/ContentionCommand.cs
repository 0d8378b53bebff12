using System.ComponentModel;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("Workers that contend for one resource, in processes of their own. Where several values are given, each combination is run.")]
internal sealed class ContentionCommand : MeasuringCommand<ContentionCommand.Settings>
{
    public static Task<IReadOnlyList<ContentionResult>> MeasureAsync(
        Backend backend, IServers servers, IReadOnlyList<Implementation> implementations, ContentionSettings settings) =>
        Screen.StepAsync($"{backend.Name}: {settings}", progress => Contention.RunAsync(backend, servers, implementations, settings, progress));

    public static Table Show(Backend backend, ContentionSettings settings, IReadOnlyList<ContentionResult> results) => Screen.Table(
        $"{backend.Name}: {settings}",
        ["implementation", "acquired/s", "wait p50 ms", "p99 ms", "p99 corr.", "max ms", "hand-off ms", "hold ms", "fewest/most", "Jain", "requests", "CPU µs", "bytes", "overlaps"],
        results.Select(static result => new[]
        {
            result.Implementation, Text.Whole(result.PerSecond), Text.Tenths(result.WaitP50Milliseconds), Text.Tenths(result.WaitP99Milliseconds),
            Text.Tenths(result.WaitP99CorrectedMilliseconds), Text.Tenths(result.WaitMaxMilliseconds), Text.Ratio(result.HandOffMeanMilliseconds),
            Text.Ratio(result.HoldMeanMilliseconds), $"{result.Fewest}/{result.Most}", Text.Ratio(result.JainIndex), Text.Ratio(result.RequestsPerAcquisition),
            Text.Whole(result.ClientProcessorMicroseconds), Text.Whole(result.BytesPerAcquisition), Text.Whole(result.Overlaps),
        }));

    /// <summary>A run in which two held at once is a failure, whatever its figures.</summary>
    public static int ExitCode(IEnumerable<ContentionResult> results) => results.Any(static result => result.Overlaps > 0) ? ExitCodes.Violation : ExitCodes.Done;

    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        var backends = BackendCatalog.Choose(settings.Backend);
        var combinations = settings.Combinations();
        foreach (var backend in backends)
        {
            Catalog.Choose(settings.Implementation, backend, settings.PrimitiveOf());
            if (backend.Store == Store.InMemory && combinations.Any(static one => one.Processes > 1))
            {
                throw new UsageException("memory coordinates within one process: --processes 1.");
            }
        }

        var all = new List<ContentionRun>();
        var exitCode = ExitCodes.Done;
        foreach (var backend in backends)
        {
            await using var servers = await OpenAsync(backend, settings, report);
            foreach (var one in combinations)
            {
                var results = await MeasureAsync(backend, servers, Catalog.Choose(settings.Implementation, backend, one.Primitive), one);
                Show(backend, one, results);
                all.Add(new ContentionRun(backend.Key, one, results));
                exitCode |= ExitCode(results);
            }
        }

        report.Add("contention", all);
        return exitCode;
    }

    internal sealed class Settings : CompareSettings
    {
        [CommandOption("--primitive <NAME>")]
        [Description("lock, rw (a reader-writer lock) or semaphore.")]
        [DefaultValue("lock")]
        public string Primitive { get; init; } = "lock";

        [CommandOption("--read-share <N>")]
        [Description("With rw: which part of the acquisitions reads.")]
        [DefaultValue(0.9)]
        [Between(0, 1)]
        public double ReadShare { get; init; } = 0.9;

        [CommandOption("--permits <N>")]
        [Description("With semaphore: how many hold at once.")]
        [DefaultValue(4)]
        [Between(1, 1000)]
        public int Permits { get; init; } = 4;

        [CommandOption("--workers <N,...>")]
        [Description("Workers over all processes.")]
        [DefaultValue("16")]
        public string Workers { get; init; } = "16";

        [CommandOption("--processes <N,...>")]
        [Description("Processes, each with one connection.")]
        [DefaultValue("1")]
        public string Processes { get; init; } = "1";

        [CommandOption("--hold-ms <N,...>")]
        [Description("How long a worker holds.")]
        [DefaultValue("1")]
        public string Hold { get; init; } = "1";

        [CommandOption("--pause-ms <N,...>")]
        [Description("How long it pauses after a release.")]
        [DefaultValue("0")]
        public string Pause { get; init; } = "0";

        [CommandOption("--rate <N>")]
        [Description("Acquisitions asked for a second, over all workers, on time whether or not those before were granted. 0: each worker asks as soon as it may.")]
        [DefaultValue(0.0)]
        [Between(0, 1_000_000)]
        public double Rate { get; init; }

        [CommandOption("--seconds <N>")]
        [Description("How long to measure each implementation.")]
        [DefaultValue(10.0)]
        [Between(0.2, 3600)]
        public double Seconds { get; init; } = 10;

        [CommandOption("--rounds <N>")]
        [Description("In how many slices, the implementations taking turns.")]
        [DefaultValue(2)]
        [Between(1, 100)]
        public int Rounds { get; init; } = 2;

        public Implementations.Primitive PrimitiveOf() => Primitive switch
        {
            "lock" => Implementations.Primitive.Lock,
            "rw" => Implementations.Primitive.ReaderWriterLock,
            "semaphore" => Implementations.Primitive.Semaphore,
            _ => throw new UsageException($"--primitive takes lock, rw and semaphore; it was '{Primitive}'."),
        };

        public IReadOnlyList<ContentionSettings> Combinations() =>
        [
            .. from workers in Numbers.ParseWhole("--workers", Workers, 1, 10_000)
               from processes in Numbers.ParseWhole("--processes", Processes, 1, Math.Min(workers, 64))
               from hold in Numbers.Parse("--hold-ms", Hold, 0, 10_000)
               from pause in Numbers.Parse("--pause-ms", Pause, 0, 10_000)
               select new ContentionSettings(workers, processes, hold, pause, Seconds, Rounds)
               {
                   Primitive = PrimitiveOf(),
                   ReadShare = ReadShare,
                   Permits = Permits,
                   RatePerSecond = Rate,
               },
        ];
    }
}
