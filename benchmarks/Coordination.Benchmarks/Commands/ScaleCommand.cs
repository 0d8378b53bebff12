using System.ComponentModel;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("What it costs to hold many leases, and to wait with many others.")]
internal sealed class ScaleCommand : MeasuringCommand<ScaleCommand.Settings>
{
    public static Task<IReadOnlyList<ScaleResult>> MeasureAsync(Backend backend, IServers servers, IReadOnlyList<int> counts) =>
        Screen.StepAsync($"{backend.Name}: many held leases", progress => Scale.RunAsync(backend, servers, counts, progress));

    public static Table Show(Backend backend, IReadOnlyList<ScaleResult> results) => Screen.Table(
        $"{backend.Name}: held leases, the cost of a renewal cycle",
        ["leases", "requests", "leases each", "cycle ms", "CPU ms", "bytes a lease", "extra timers", "extra threads"],
        results.Select(static result => new[]
        {
            Text.Whole(result.Leases), Text.Tenths(result.RequestsPerCycle), Text.Tenths(result.LeasesPerRequest), Text.Tenths(result.CycleMilliseconds),
            Text.Tenths(result.ProcessorMillisecondsPerCycle), Text.Whole(result.BytesPerLeaseAndCycle), Text.Whole(result.ExtraTimers), Text.Whole(result.ExtraThreads),
        }));

    /// <summary>One resource with ever more that wait.</summary>
    public static async Task<IReadOnlyList<WaitersResult>> MeasureWaitersAsync(
        Backend backend, IServers servers, IReadOnlyList<Implementation> implementations, IReadOnlyList<int> waiters, double seconds)
    {
        var results = new List<WaitersResult>();
        foreach (var count in waiters)
        {
            // One holds, the others wait.
            var settings = new ContentionSettings(count + 1, Seconds: seconds, Rounds: 1);
            results.AddRange((await ContentionCommand.MeasureAsync(backend, servers, implementations, settings)).Select(result => new WaitersResult(count, result)));
        }

        return results;
    }

    public static Table Show(Backend backend, IReadOnlyList<WaitersResult> results) => Screen.Table(
        $"{backend.Name}: waiters on one lock, each holds for 1 ms",
        ["waiters", "implementation", "acquired/s", "hand-off ms", "wait p99 ms", "requests", "CPU µs", "bytes", "Jain"],
        results.Select(static one => new[]
        {
            Text.Whole(one.Waiters), one.Result.Implementation, Text.Whole(one.Result.PerSecond), Text.Ratio(one.Result.HandOffMeanMilliseconds),
            Text.Tenths(one.Result.WaitP99Milliseconds), Text.Ratio(one.Result.RequestsPerAcquisition), Text.Whole(one.Result.ClientProcessorMicroseconds),
            Text.Whole(one.Result.BytesPerAcquisition), Text.Ratio(one.Result.JainIndex),
        }));

    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        var backends = BackendCatalog.Choose(settings.Backend);
        foreach (var backend in backends)
        {
            Catalog.Choose(settings.Implementation, backend);
        }

        IReadOnlyList<int> leases = [.. new[] { 1, 10, 100, 1000, 10_000, 100_000 }.Where(count => count < settings.Leases), settings.Leases];
        IReadOnlyList<int> waiters = [.. new[] { 1, 4, 16, 64, 256, 1024 }.Where(count => count < settings.Waiters), settings.Waiters];
        var (held, waiting) = (new Dictionary<string, object>(StringComparer.Ordinal), new Dictionary<string, IReadOnlyList<WaitersResult>>(StringComparer.Ordinal));
        foreach (var backend in backends)
        {
            await using var servers = await OpenAsync(backend, settings, report);
            var renewals = await MeasureAsync(backend, servers, leases);
            Show(backend, renewals);
            held[backend.Key] = renewals;
            Show(backend, waiting[backend.Key] = await MeasureWaitersAsync(backend, servers, Catalog.Choose(settings.Implementation, backend), waiters, settings.Seconds));
        }

        report.Add("leases", held);
        report.Add("waiters", waiting);
        return ContentionCommand.ExitCode(waiting.Values.SelectMany(static results => results).Select(static one => one.Result));
    }

    internal sealed class Settings : CompareSettings
    {
        [CommandOption("--leases <N>")]
        [Description("The most leases to hold, from 1 on in steps of ten.")]
        [DefaultValue(10_000)]
        [Between(1, 1_000_000)]
        public int Leases { get; init; } = 10_000;

        [CommandOption("--waiters <N>")]
        [Description("The most that wait for one lock, from 1 on in steps of four.")]
        [DefaultValue(1024)]
        [Between(1, 10_000)]
        public int Waiters { get; init; } = 1024;

        [CommandOption("--seconds <N>")]
        [Description("How long to measure each number of waiters.")]
        [DefaultValue(4.0)]
        [Between(0.2, 600)]
        public double Seconds { get; init; } = 4;
    }
}

/// <summary>What a number of waiters showed.</summary>
/// <param name="Waiters">How many waited while one held.</param>
/// <param name="Result">The contention.</param>
internal sealed record WaitersResult(int Waiters, ContentionResult Result);
