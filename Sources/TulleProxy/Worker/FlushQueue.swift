/// The connections of a worker that have something to send when the loop's turn ends.
///
/// By then all that was readable has been looked at: one system call sends what many exchanges said to one connection, and
/// no peer is woken for the first of many requests while the others are still being read.
final class FlushQueue {
    var buffers = OutputBuffers()
    /// The first `count` are waiting; the rest is room that was used before.
    private var connections: ContiguousArray<(any Flushable)?> = []
    private var count = 0

    /// Answers whether it is the first since the queue was last flushed.
    func append(_ connection: any Flushable) -> Bool {
        connection.isMarkedForFlush = true
        if count == connections.count { connections.append(connection) } else { connections[count] = connection }
        count &+= 1
        return count == 1
    }

    func flush() {
        // Flushing can make a connection writable or end it, and so cause more to be sent.
        var index = 0
        while index < count {
            let connection = connections[index].take()
            index &+= 1
            connection?.isMarkedForFlush = false
            connection?.flush()
        }
        count = 0
        buffers.reclaim()
    }
}

/// A connection that has written what it has not sent.
protocol Flushable: AnyObject {
    func flush()
    /// Whether it is in its worker's queue.
    var isMarkedForFlush: Bool { get set }
}
