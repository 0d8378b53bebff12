using System.Diagnostics;
using Coordination.Conformance;

namespace Coordination.Torture.Tests;

/// <summary>The program, run as anyone runs it.</summary>
internal static class TortureProgram
{
    /// <summary>Runs it to its end.</summary>
    /// <returns>Its exit code, and all that it said.</returns>
    public static Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => RunAsync(StartInfo(arguments));

    /// <summary>The same on a machine where no server is on the path.</summary>
    public static Task<(int ExitCode, string Output)> RunWithoutServersAsync(params string[] arguments)
    {
        var start = StartInfo(arguments);
        start.Environment["PATH"] = AppContext.BaseDirectory;
        return RunAsync(start);
    }

    /// <summary>The same as if the machine had so many cores.</summary>
    public static Task<(int ExitCode, string Output)> RunOnCoresAsync(int cores, params string[] arguments)
    {
        var start = StartInfo(arguments);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = $"{cores}";
        return RunAsync(start);
    }

    /// <summary>It is told to end once it has started others.</summary>
    /// <returns>Its exit code, and those of its processes that go on.</returns>
    public static Task<(int ExitCode, IReadOnlyList<int> Left)> InterruptAsync(params string[] arguments) =>
        Interruption.RunAsync(StartInfo(arguments), children: 1, TestContext.Current.CancellationToken);

    private static ProcessStartInfo StartInfo(string[] arguments) =>
        new(Dotnet, [Path.Combine(AppContext.BaseDirectory, "Coordination.Torture.dll"), .. arguments]) // beside the tests: the build copies it here
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };

    // By its full name: a path without servers has no dotnet either.
    private static string Dotnet { get; } = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    private static async Task<(int ExitCode, string Output)> RunAsync(ProcessStartInfo start)
    {
        using var program = Process.Start(start)!;
        try
        {
            var output = program.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await program.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (program.ExitCode, await output + await errors);
        }
        finally
        {
            if (!program.HasExited)
            {
                program.Kill(entireProcessTree: true);
            }
        }
    }
}
