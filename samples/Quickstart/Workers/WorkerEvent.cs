using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Coordination;

namespace Quickstart;

internal enum EventKind
{
    Started,
    Entered,
    Left,
    Lost,
    Trouble,
    Resigned,
    Killed,
    Stopped,
}

/// <summary>One thing that happened to a worker. Worker processes print it as one line: <c>TIMESTAMP KIND TOKEN DETAIL</c>.</summary>
/// <param name="Worker">Whom.</param>
/// <param name="Timestamp">
/// When, on the monotonic clock. All processes of a machine read the same one, so that the referee can compare.
/// </param>
/// <param name="Kind">What.</param>
/// <param name="Detail">The resource, or what the trouble is.</param>
/// <param name="Token">The fencing token, on entering what has one.</param>
internal sealed record WorkerEvent(string Worker, long Timestamp, EventKind Kind, string Detail, FencingToken? Token)
{
    public static WorkerEvent Now(string worker, EventKind kind, string detail = "-", FencingToken? token = null) =>
        new(worker, TimeProvider.System.GetTimestamp(), kind, detail, token);

    public string ToLine() => string.Create(
        CultureInfo.InvariantCulture, $"{Timestamp} {Kind} {Token?.Value ?? 0} {Detail.ReplaceLineEndings(" ")}");

    public static bool TryParse(string worker, string line, [NotNullWhen(true)] out WorkerEvent? parsed)
    {
        parsed = null;
        if (line.Split(' ', 4) is not [var timestamp, var kind, var token, var detail]
            || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var when)
            || !Enum.TryParse<EventKind>(kind, out var what)
            || !long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        parsed = new WorkerEvent(worker, when, what, detail, value == 0 ? null : new FencingToken(value));
        return true;
    }
}
