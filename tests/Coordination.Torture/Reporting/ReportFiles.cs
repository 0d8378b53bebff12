using System.Text.Json;
using System.Text.Json.Serialization;
using Coordination.Torture.Commands;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Reporting;

/// <summary>What a run leaves in its directory.</summary>
internal static class ReportFiles
{
    private static readonly JsonSerializerOptions Json = new(EventLines.Json) { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    /// <summary>Before a run, not after it: makes the directory, and sees that a file can be written there.</summary>
    /// <exception cref="UsageException">It cannot.</exception>
    public static void Prepare(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            using var probe = new FileStream(
                Path.Combine(directory, $".coordination-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--out {directory} cannot be written to: {exception.Message}");
        }
    }

    /// <summary>report.json; and, where there is one history, history.jsonl and holders.svg.</summary>
    public static async Task WriteAsync(string directory, Report report, History? history)
    {
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "report.json"), JsonSerializer.Serialize(report, Json));
        if (history is null)
        {
            return;
        }

        await File.WriteAllLinesAsync(Path.Combine(directory, "history.jsonl"), history.Events.Select(EventLines.Write));
        var (from, until) = Window(report, history);
        await File.WriteAllTextAsync(Path.Combine(directory, "holders.svg"), HoldersChart.Draw(history, from, until));
    }

    // Ten seconds are what the eye can follow: around the first violation, or the first ones.
    private static (TimeSpan From, TimeSpan Until) Window(Report report, History history)
    {
        var first = history.Holds.Count == 0 ? TimeSpan.Zero : history.Holds.Min(static hold => hold.From);
        var from = report.Violations.Count == 0 ? first : report.Violations[0].Violation.At - TimeSpan.FromSeconds(5);
        from = from > first ? from : first;
        return (from, from + TimeSpan.FromSeconds(10));
    }
}
