using System.Diagnostics;
using Coordination.Torture.Checking;
using Coordination.Torture.Recording;
using Coordination.Torture.Reporting;
using Coordination.Torture.Simulation;

namespace Coordination.Torture.Commands;

/// <summary>Schedules on the in-memory backend, one after another, in a process whose pool has one thread: only so does a seed give the same history each time.</summary>
internal static class SimulateCommand
{
    private const string OneThread = "DOTNET_ThreadPool_ForceMaxWorkerThreads";

    public static async Task<int> RunAsync(TortureSettings settings, int seed)
    {
        ThreadPool.GetMaxThreads(out var threads, out _);
        return threads == 1
            ? await Task.Run(() => SimulateAsync(settings, seed))
            : await RunAloneAsync(seed);
    }

    private static async Task<int> RunAloneAsync(int seed)
    {
        var arguments = Environment.GetCommandLineArgs();
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. IsHosted() ? arguments : arguments[1..], "--seed", $"{seed}"])
        {
            Environment = { [OneThread] = "1", ["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "1", ["DOTNET_PROCESSOR_COUNT"] = "1", ["DOTNET_TieredPGO"] = "0" },
        };
        if (Array.FindIndex(arguments, static argument => argument is "--seed" or "-s") is > 0 and var at)
        {
            start.ArgumentList.RemoveAt(at - (IsHosted() ? 0 : 1));
            start.ArgumentList.RemoveAt(at - (IsHosted() ? 0 : 1));
        }

        using var alone = Process.Start(start)!;
        await alone.WaitForExitAsync();
        return alone.ExitCode;
    }

    // dotnet X.dll: the process is dotnet's.
    private static bool IsHosted() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";

    private static async Task<int> SimulateAsync(TortureSettings settings, int seed)
    {
        var began = Stopwatch.GetTimestamp();
        var limit = TimeSpan.FromMinutes(settings.Minutes);
        var tally = new Tally();
        History? last = null;
        for (var number = 0; settings.Schedules is { } count ? number < count : Stopwatch.GetElapsedTime(began) < limit; number++)
        {
            var next = unchecked(seed + number) & int.MaxValue;
            var history = new History(await SimulatedRun.RunAsync(next, settings.Bug));
            var violations = Checker.Check(history, SimulatedRun.Promises);
            tally.Add(next, history, violations);
            last = history;
            if (violations.Count > 0)
            {
                break; // its history is the one to look at
            }
        }

        var report = tally.ToReport(
            new RunSettings(settings.Bug is { } bug ? $"in-memory with {bug}" : "in-memory, simulated", null, seed, settings.Minutes, 3, 4, SimulatedRun.Promises.Duration),
            Stopwatch.GetElapsedTime(began));
        return await TortureCommand.FinishAsync(settings, report, last);
    }
}
