using System.Diagnostics;
using System.Globalization;

namespace Coordination.Conformance;

/// <summary>A program that is told to end (SIGTERM) once it has started others, and what it leaves running. On Linux.</summary>
public static class Interruption
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Starts it, waits until it has processes of its own, and tells it to end.</summary>
    /// <param name="start">What to start.</param>
    /// <param name="children">How many processes it has started by then, at least.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How it ended, and those of its processes that go on ten seconds later.</returns>
    public static async Task<(int ExitCode, IReadOnlyList<int> Left)> RunAsync(ProcessStartInfo start, int children, CancellationToken cancellationToken)
    {
        using var program = Process.Start(start) ?? throw new InvalidOperationException($"Could not start {start.FileName}.");
        try
        {
            // It must not be stopped by a pipe that nobody reads.
            program.OutputDataReceived += static (_, _) => { };
            program.ErrorDataReceived += static (_, _) => { };
            program.BeginOutputReadLine();
            program.BeginErrorReadLine();
            IReadOnlyList<int> started = [];
            await UntilAsync(() => (started = ChildrenOf(program.Id)).Count >= children, cancellationToken);
            using (var kill = Process.Start("kill", ["-s", "TERM", program.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await kill.WaitForExitAsync(cancellationToken);
            }

            await program.WaitForExitAsync(cancellationToken).WaitAsync(Limit, cancellationToken);
            IReadOnlyList<int> left = started;
            for (var since = Stopwatch.GetTimestamp(); left.Count > 0 && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(10); await Task.Delay(20, cancellationToken))
            {
                left = [.. started.Where(IsRunning)];
            }

            return (program.ExitCode, left);
        }
        finally
        {
            if (!program.HasExited)
            {
                program.Kill(entireProcessTree: true);
            }
        }
    }

    private static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        for (var since = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(20, cancellationToken))
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Limit, "It started nothing.");
        }
    }

    private static List<int> ChildrenOf(int id)
    {
        var children = new List<int>();
        foreach (var thread in Directory.GetDirectories($"/proc/{id}/task"))
        {
            try
            {
                children.AddRange(File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(static child => int.Parse(child, CultureInfo.InvariantCulture)));
            }
            catch (IOException)
            {
                // The thread has ended.
            }
        }

        return children;
    }

    // What is dead stays listed until it is waited for.
    private static bool IsRunning(int id)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{id}/stat");
            return status[status.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
