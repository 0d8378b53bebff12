using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Coordination.ZooKeeper.Client;

/// <summary>Cuts what comes from a server into frames.</summary>
internal static class ZooKeeperFrames
{
    /// <summary>
    /// What is taken from a server at most. More than a server takes from us, since it sets no limit to its replies: the list of ten thousand children is longer. Memory is not
    /// taken before the bytes have come.
    /// </summary>
    public const int MaxLength = 16 * 1024 * 1024;

    /// <summary>Takes the next frame, without its length, off the buffer, if it is there as a whole.</summary>
    /// <exception cref="InvalidDataException">The length is none.</exception>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> frame)
    {
        frame = default;
        if (buffer.Length < sizeof(int))
        {
            return false;
        }

        Span<byte> prefix = stackalloc byte[sizeof(int)];
        buffer.Slice(0, sizeof(int)).CopyTo(prefix);
        var length = BinaryPrimitives.ReadInt32BigEndian(prefix);
        if (length is < 0 or > MaxLength)
        {
            throw new InvalidDataException($"A frame of {length} bytes was announced: what answers there may not be ZooKeeper, or want TLS.");
        }

        if (buffer.Length - sizeof(int) < length)
        {
            return false;
        }

        frame = buffer.Slice(sizeof(int), length);
        buffer = buffer.Slice(frame.End);
        return true;
    }

    /// <summary>The bytes in one piece.</summary>
    public static ReadOnlySpan<byte> AsSpan(this in ReadOnlySequence<byte> frame) => frame.IsSingleSegment ? frame.FirstSpan : frame.ToArray();

    /// <summary>Waits for one frame, while a connection is set up.</summary>
    /// <param name="reader">The connection.</param>
    /// <param name="read">What to do with it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="EndOfStreamException">The server hung up.</exception>
    /// <exception cref="InvalidDataException">The frame cannot be read.</exception>
    public static async ValueTask<T> ReadOneAsync<T>(PipeReader reader, Func<ReadOnlySequence<byte>, T> read, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (TryTake(ref buffer, out var frame))
            {
                var value = read(frame);
                reader.AdvanceTo(buffer.Start);
                return value;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                throw new EndOfStreamException("The server hung up.");
            }
        }
    }
}
