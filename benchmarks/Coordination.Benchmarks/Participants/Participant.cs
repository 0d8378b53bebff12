using System.Diagnostics;
using System.Globalization;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// A process of ours that takes part in a run: the same program, told what to do by lines on its standard input, answering on its standard
/// output. It ends when its input does, so it never outlives the one that started it.
/// </summary>
internal sealed class Participant : IAsyncDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private Participant(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public static Participant Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Started as `dotnet Coordination.Benchmarks.dll` or by its own executable.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(typeof(Participant).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new Participant(Process.Start(start)!);
    }

    public async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Waits for a line that begins with a word, and returns the numbers behind it.</summary>
    public async Task<long[]> HearAsync(string word)
    {
        var line = await _process.StandardOutput.ReadLineAsync();
        var parts = line?.Split(' ') ?? [];
        return parts.FirstOrDefault() == word
            ? [.. parts.Skip(1).Select(static part => long.Parse(part, CultureInfo.InvariantCulture))]
            : throw new UsageException($"A participating process failed. {(line is null ? await _errors : line)}");
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(EndLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
