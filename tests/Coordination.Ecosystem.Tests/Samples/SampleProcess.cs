using System.Diagnostics;
using System.Text;

namespace Coordination.Ecosystem.Tests.Samples;

/// <summary>A program that a test runs beside itself, and that ends with the test.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private SampleProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a program.</summary>
    public static SampleProcess Start(string file, string directory, IEnumerable<string> arguments) =>
        new(Process.Start(new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException($"{file} did not start."));

    /// <summary>Starts an instance of the Web sample.</summary>
    /// <param name="port">Where it listens.</param>
    /// <param name="settings">Its settings: <c>Coordination:Backend=Redis</c>.</param>
    public static SampleProcess StartWeb(int port, params string[] settings) => Start(
        "dotnet",
        Path.Combine(SampleProgram.Root, "samples", "Web"),
        [SampleProgram.Find("Web"), "--urls", $"http://localhost:{port}", .. settings.Select(static setting => $"--{setting}")]);

    /// <summary>Waits for something that it should do; fails as soon as it has ended instead.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        while (!await HoldsAsync(condition))
        {
            Assert.False(_process.HasExited, $"{_process.StartInfo.FileName} has ended. It said:\n{Output()}");
            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>Asks it to stop, as a service manager or a container's engine does, and waits until it has.</summary>
    public async Task TerminateAsync(CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", ["-s", "TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync(cancellationToken);
        await _process.WaitForExitAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        Assert.True(_process.ExitCode == 0, Output());
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<bool> HoldsAsync(Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (HttpRequestException)
        {
            return false; // not listening yet
        }
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }

    private string Output()
    {
        lock (_output)
        {
            return _output.ToString();
        }
    }
}
