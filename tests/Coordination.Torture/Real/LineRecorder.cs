using Coordination.Torture.Recording;

namespace Coordination.Torture.Real;

/// <summary>Tells the driver over standard output, a line for each event. What a killed process could not tell any more is unknown.</summary>
internal sealed class LineRecorder(SharedClock clock) : IRecorder, IDisposable
{
    private readonly Lock _gate = new();
    private readonly StreamWriter _output = new(Console.OpenStandardOutput()) { AutoFlush = true };

    public TimeSpan Now => clock.Now;

    public void Record(Event happened)
    {
        var line = EventLines.Write(happened);
        lock (_gate)
        {
            _output.WriteLine(line);
        }
    }

    public void Dispose() => _output.Dispose();
}
