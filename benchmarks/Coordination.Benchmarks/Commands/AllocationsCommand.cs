using System.ComponentModel;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

/// <summary>Where the bytes of an uncontended pair go.</summary>
[Description("What types an uncontended acquire + release of ours allocates.")]
internal sealed class AllocationsCommand : MeasuringCommand<AllocationsCommand.Settings>
{
    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        var backend = BackendCatalog.Find(settings.Backend);
        Catalog.Choose(null, backend);
        await using var servers = await OpenAsync(backend, settings, report);
        await using var set = await PairSet.OpenAsync(backend, servers);
        var perPair = await Screen.StepAsync("Counting", _ => CountAsync(set.Ours, settings.Pairs / 10));
        using var sampler = new AllocationSampler();
        await Screen.StepAsync("Sampling", _ => CountAsync(set.Ours, settings.Pairs));
        var types = sampler.Shares().Select(type => new { type.Type, type.Share, Bytes = type.Share * perPair }).ToList();
        Screen.Table(
            $"{backend.Name}: allocated by an uncontended pair: {Text.Whole(perPair)} bytes",
            ["type", "bytes", "%"],
            types.Where(static type => type.Share >= 0.005).Select(static type => new[] { type.Type, Text.Whole(type.Bytes), Text.Tenths(type.Share * 100) }));
        report.Add("allocations", new { backend = backend.Key, bytesPerPair = perPair, types });
        return ExitCodes.Done;
    }

    private static async Task<double> CountAsync(IPair ours, int pairs)
    {
        for (var i = 0; i < 1000; i++)
        {
            await ours.RunAsync();
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < pairs; i++)
        {
            await ours.RunAsync();
        }

        return (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / pairs;
    }

    internal sealed class Settings : RunSettings
    {
        [CommandOption("--backend <NAME>")]
        [Description("As for contention, one of them.")]
        [DefaultValue("redis")]
        public string Backend { get; init; } = "redis";

        [CommandOption("--pairs <N>")]
        [Description("How many to run.")]
        [DefaultValue(100_000)]
        [Between(1000, 100_000_000)]
        public int Pairs { get; init; } = 100_000;
    }
}
