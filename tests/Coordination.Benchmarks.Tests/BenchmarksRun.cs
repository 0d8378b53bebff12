using System.Diagnostics;
using System.Reflection;
using Coordination.Conformance;

namespace Coordination.Benchmarks.Tests;

/// <summary>A run of the benchmarks as a process of its own.</summary>
/// <param name="ExitCode">How it ended.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Errors">What it complained of.</param>
internal sealed record BenchmarksRun(int ExitCode, string Output, string Errors)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>The program that the build has made.</summary>
    public static string Program { get; } = PathOf("BenchmarksPath");

    /// <summary>A path of the repository that the project file names.</summary>
    public static string PathOf(string key) => Path.GetFullPath(typeof(BenchmarksRun).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!);

    /// <summary>Tells it to end once it has started others.</summary>
    public static Task<(int ExitCode, IReadOnlyList<int> Left)> InterruptAsync(params string[] arguments) =>
        Interruption.RunAsync(StartInfo(Program, arguments), children: 1, TestContext.Current.CancellationToken);

    public static Task<BenchmarksRun> StartAsync(params string[] arguments) => StartAsync(Program, arguments);

    public static Task<BenchmarksRun> StartAsync(string program, string[] arguments) => StartAsync(StartInfo(program, arguments));

    /// <summary>The same on a machine where no server is on the path.</summary>
    public static Task<BenchmarksRun> StartWithoutServersAsync(string[] arguments)
    {
        var start = StartInfo(Program, arguments);
        start.Environment["PATH"] = Path.GetDirectoryName(Program);
        return StartAsync(start);
    }

    /// <summary>Fails in CI, where redis-server must be.</summary>
    public static void SkipWithoutRedis()
    {
        var paths = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin");
        if (paths.Any(static directory => File.Exists(Path.Combine(directory, "redis-server"))))
        {
            return;
        }

        const string message = "redis-server is not on this machine: this test did not run.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Fail(message);
        }

        Console.Error.WriteLine($"SKIPPED: {message}");
        Assert.Skip(message);
    }

    private static async Task<BenchmarksRun> StartAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"benchmarks {string.Join(' ', start.ArgumentList.Skip(1))} did not end within {Limit}. It printed:\n{await output}\n{await errors}");
        }

        return new BenchmarksRun(process.ExitCode, await output, await errors);
    }

    // By its full name: a path without servers has no dotnet either.
    private static string Dotnet { get; } = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    private static ProcessStartInfo StartInfo(string program, string[] arguments) => new(Dotnet, [program, .. arguments])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
