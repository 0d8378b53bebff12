using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Coordination.Redis.Tests.Conformance;
using Coordination.Redis.Tests.Servers;

namespace Coordination.Redis.Tests;

/// <summary>Runs samples/Quickstart as a newcomer does: as a process, judged by what it prints and how it ends.</summary>
public sealed partial class QuickstartTests(QuickstartRuns runs, RedisClusterPool pool) : IClassFixture<QuickstartRuns>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Workers_in_one_process_keep_every_guarantee() => AssertPassed(await runs.InMemory);

    [Fact]
    public async Task Worker_processes_keep_every_guarantee_through_a_hosted_Garnet() => AssertPassed(await runs.Garnet);

    [Fact]
    public async Task Worker_processes_keep_every_guarantee_on_a_cluster_of_which_they_are_told_one_node()
    {
        Servers.Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        await using var cluster = await pool.TakeAsync();
        using var run = QuickstartRun.Start("--redis", cluster.Nodes[0].EndPoint);

        AssertPassed(await run.Result);
    }

    [Fact]
    public async Task Worker_processes_keep_every_guarantee_on_a_majority_of_three_masters_of_which_one_is_frozen()
    {
        await using var servers = await Redlock.RedlockServers.StartAsync(3);

        // A new set admits itself when it has been up for the longest lease.
        await Task.Delay(TimeSpan.FromSeconds(7));
        using var run = QuickstartRun.Start("--redlock", string.Join(',', servers.EndPoints));
        await run.LineAsync(" leads, token ");
        await servers.All[2].FreezeAsync();

        AssertPassed(await run.Result);
    }

    [Fact]
    public async Task The_referee_notices_a_worker_that_enters_without_asking()
    {
        var (exitCode, output) = await runs.Sabotaged;

        Assert.Equal(1, exitCode);
        Assert.DoesNotMatch(NoOverlaps(), output);
        Assert.Contains("entered the lock while", output, StringComparison.Ordinal);
        Assert.Contains("entered the semaphore while", output, StringComparison.Ordinal);
        Assert.Contains("entered the leadership while", output, StringComparison.Ordinal);
        Assert.Contains("the fencing tokens of the lock did not increase", output, StringComparison.Ordinal);
        Assert.Contains("NOT PASSED", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--redis")]
    [InlineData("--redis", "nowhere")]
    [InlineData("--redlock", "redis1:6379,redis2:6379")]
    [InlineData("--backend", "paper")]
    [InlineData("--workers", "1")]
    [InlineData("--what")]
    public async Task Bad_arguments_end_with_the_usage(params string[] arguments)
    {
        using var run = QuickstartRun.Start(arguments);

        var (exitCode, output) = await run.Result;

        Assert.Equal(2, exitCode);
        Assert.Contains("usage:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told()
    {
        // Nothing listens on the discard port of the loopback interface.
        using var run = QuickstartRun.Start("--redis", "127.0.0.1:9");

        var (exitCode, output) = await run.Result;

        Assert.Equal(1, exitCode);
        Assert.Contains("127.0.0.1:9", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public async Task No_worker_outlives_an_interrupted_or_killed_run(string signal)
    {
        if (OperatingSystem.IsWindows())
        {
            signal = "KILL";
        }

        using var run = QuickstartRun.Start();
        await run.LineAsync(" leads, token ");

        // The first may lead before the last was started.
        await run.UntilAsync(static output => WorkerIds().Count(output) >= 4);
        var workers = WorkerIds().Matches(run.Output).Select(static match => int.Parse(match.Groups[1].ValueSpan, null)).ToList();

        run.Signal(signal);
        var (exitCode, _) = await run.Result;

        Assert.Equal(4, workers.Count);
        Assert.NotEqual(0, exitCode);
        for (var waited = Stopwatch.StartNew(); workers.Any(IsRunning); await Task.Delay(50))
        {
            Assert.True(waited.Elapsed < Patience, "A worker is still running.");
        }
    }

    private static void AssertPassed((int ExitCode, string Output) run)
    {
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Matches(NoOverlaps(), run.Output);
        Assert.Matches(@"lock +\d+ acquisitions, tokens \d+ to \d+", run.Output);
        Assert.Matches(@"semaphore +\d+ permits, at most 2 of 2 at once", run.Output);
        Assert.Matches(@"take-over +[\d,.]+ ms", run.Output);
        Assert.Contains("PASSED", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", run.Output, StringComparison.Ordinal);
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited && process.ProcessName.Contains("Quickstart", StringComparison.OrdinalIgnoreCase);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"overlaps +0\s")]
    private static partial Regex NoOverlaps();

    [GeneratedRegex(@"starts as pid (\d+)")]
    private static partial Regex WorkerIds();
}

/// <summary>The full runs, side by side: each waits most of its time.</summary>
public sealed class QuickstartRuns : IDisposable
{
    private readonly QuickstartRun _memory = QuickstartRun.Start("--backend", "memory");
    private readonly QuickstartRun _garnet = QuickstartRun.Start();
    private readonly QuickstartRun _sabotaged = QuickstartRun.Start("--backend", "memory", "--sabotage");

    public Task<(int ExitCode, string Output)> InMemory => _memory.Result;

    public Task<(int ExitCode, string Output)> Garnet => _garnet.Result;

    public Task<(int ExitCode, string Output)> Sabotaged => _sabotaged.Result;

    public void Dispose()
    {
        _memory.Dispose();
        _garnet.Dispose();
        _sabotaged.Dispose();
    }
}

/// <summary>One run of the built sample.</summary>
public sealed class QuickstartRun : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];

    private QuickstartRun(Process process)
    {
        _process = process;
        Result = FollowAsync();
    }

    public Task<(int ExitCode, string Output)> Result { get; }

    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public static QuickstartRun Start(params string[] arguments)
    {
        var path = typeof(QuickstartRun).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static entry => entry.Key == "QuickstartPath").Value!;
        return new QuickstartRun(Process.Start(new ProcessStartInfo(OperatingSystem.IsWindows() ? path + ".exe" : path, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
    }

    /// <summary>Waits until a line says so.</summary>
    public Task LineAsync(string text) => UntilAsync(output => output.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits until what it has said so far is as wanted.</summary>
    public async Task UntilAsync(Func<string, bool> isAsWanted)
    {
        while (!isAsWanted(Output))
        {
            Assert.False(_process.HasExited, Output);
            await Task.Delay(50);
        }
    }

    public void Signal(string signal)
    {
        if (signal == "KILL")
        {
            _process.Kill();
        }
        else
        {
            using var kill = Process.Start("kill", ["-" + signal, $"{_process.Id}"]);
            kill.WaitForExit();
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task<(int ExitCode, string Output)> FollowAsync()
    {
        await Task.WhenAll(ReadAsync(_process.StandardOutput), ReadAsync(_process.StandardError));
        await _process.WaitForExitAsync();
        return (_process.ExitCode, Output);
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }
}
