using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// A process of ours that takes part in a run: the same program, told what to do by lines on its standard input, answering on its standard
/// output. It ends when its input does, so it never outlives the one that started it.
/// </summary>
internal sealed class Participant : IAsyncDisposable
{
    /// <summary>The first argument of such a process; the second is its role.</summary>
    public const string Argument = "participant";

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    // No step takes as long. A library or a server that never answers must not keep the others from being measured.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private Participant(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a process, and waits until it is ready.</summary>
    /// <param name="role">What it does: the name of one of the classes here.</param>
    /// <param name="order">All that it has to know.</param>
    public static async Task<Participant> StartAsync<T>(string role, T order)
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

        start.ArgumentList.Add(Argument);
        start.ArgumentList.Add(role);
        var participant = new Participant(Process.Start(start)!);
        try
        {
            await participant.TellAsync(JsonSerializer.Serialize(order));
            await participant.HearAsync("ready");
            return participant;
        }
        catch
        {
            await participant.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the order, on the other side.</summary>
    public static T ReadOrder<T>() =>
        JsonSerializer.Deserialize<T>(Console.ReadLine() ?? "null") ?? throw new UsageException("A participant is started by a run, not by hand.");

    /// <summary>Waits for what is told next, on the other side. On a thread of its own: one of the pool would be missed by the work that is measured.</summary>
    /// <returns>The line; <see langword="null"/> when the run is over.</returns>
    public static Task<string?> ListenAsync() =>
        Task.Factory.StartNew(Console.ReadLine, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Answers, on the other side.</summary>
    public static void Say(string word, params ReadOnlySpan<long> numbers)
    {
        foreach (var number in numbers)
        {
            word += string.Create(CultureInfo.InvariantCulture, $" {number}");
        }

        Console.WriteLine(word);
    }

    public async Task TellAsync(string line)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // It is gone. What it said is read by who waits for its answer.
        }
    }

    /// <summary>Waits for a line that begins with a word, and returns the numbers behind it.</summary>
    /// <exception cref="TimeoutException">It said nothing for two minutes.</exception>
    public async Task<long[]> HearAsync(string word)
    {
        string? line;
        try
        {
            line = await _process.StandardOutput.ReadLineAsync().WaitAsync(AnswerLimit);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"A participating process did not say '{word}' within {AnswerLimit.TotalMinutes} minutes: what it measures, or a server, hangs.", exception);
        }

        var parts = line?.Split(' ') ?? [];
        return parts.FirstOrDefault() == word
            ? [.. parts.Skip(1).Select(static part => long.Parse(part, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException($"A participating process failed. {(line is null ? await _errors : line)}");
    }

    /// <summary>Ends it at once, as a crash would: kill -9.</summary>
    /// <returns>When, by the monotonic clock.</returns>
    public long Kill()
    {
        var moment = Stopwatch.GetTimestamp();
        _process.Kill();
        return moment;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
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
        }

        _process.Dispose();
    }
}
